#include "biossl/backend/backend.h"
#include "biossl/ops/checks.h"
#include "biossl/ops/dispatch.h"
#include "biossl/ops/ops.h"

namespace biossl::ops {

void add_scaled(const Tensor& a, double scale, const Tensor& b, Tensor& dst) {
  Checks("add_scaled").alike({{"a", a}, {"b", b}, {"dst", dst}});
  if (dst.size() == 0) return;
  const auto run = dispatch(a.device(), reference::add_scaled, cpu::operations().add_scaled, cuda::add_scaled);
  run(a, scale, b, dst);
}

void apply_signs(const Tensor& magnitudes, const Tensor& signs, Tensor& dst) {
  Checks("apply_signs").alike({{"magnitudes", magnitudes}, {"signs", signs}, {"dst", dst}});
  if (dst.size() == 0) return;
  const auto run = dispatch(signs.device(), reference::apply_signs, cpu::operations().apply_signs, cuda::apply_signs);
  run(magnitudes, signs, dst);
}

void scale(const Tensor& src, double factor, Tensor& dst, double offset) {
  Checks("scale").alike({{"src", src}, {"dst", dst}});
  if (dst.size() == 0) return;
  const auto run = dispatch(src.device(), reference::scale, cpu::operations().scale, cuda::scale);
  run(src, factor, offset, dst);
}

}  // namespace biossl::ops
