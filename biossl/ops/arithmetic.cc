#include <cmath>

#include "biossl/backend/backend.h"
#include "biossl/ops/checks.h"
#include "biossl/ops/dispatch.h"
#include "biossl/ops/ops.h"

namespace biossl::ops {
namespace {

/// Two operands and a result, all alike.
void check_alike(std::string_view operation, const Argument& first, const Argument& second, const Argument& dst) {
  const Checks checks(operation);
  checks.same_device({first, second, dst});
  checks.compute_type(first);
  for (const Argument& other : {second, dst}) {
    checks.shape(other, first.tensor.shape());
    checks.type(other, first.tensor.dtype());
  }
}

}  // namespace

void add_scaled(const Tensor& a, double scale, const Tensor& b, Tensor& dst) {
  check_alike("add_scaled", {"a", a}, {"b", b}, {"dst", dst});
  if (dst.size() == 0) return;
  const auto run = dispatch(a.device(), reference::add_scaled, cpu::add_scaled, cuda::add_scaled);
  run(a, scale, b, dst);
}

void apply_signs(const Tensor& magnitudes, const Tensor& signs, Tensor& dst) {
  check_alike("apply_signs", {"magnitudes", magnitudes}, {"signs", signs}, {"dst", dst});
  if (dst.size() == 0) return;
  const auto run = dispatch(signs.device(), reference::apply_signs, cpu::apply_signs, cuda::apply_signs);
  run(magnitudes, signs, dst);
}

}  // namespace biossl::ops
