#include <cmath>
#include <limits>

#include "biossl/backend/backend.h"
#include "biossl/ops/checks.h"
#include "biossl/ops/dispatch.h"
#include "biossl/ops/ops.h"

namespace biossl::ops {
namespace {

/// dst is to hold numbers of its own rows.
void check_numbers(std::string_view operation, const Argument& dst) {
  const Checks checks(operation);
  checks.same_device({dst});
  checks.rank(dst, 1);
  checks.type(dst, DType::int32);
  check(dst.tensor.size() <= std::numeric_limits<std::int32_t>::max(), operation,
        "{} holds {} numbers, too many for int32", dst.name, dst.tensor.size());
}

}  // namespace

void draw_uniform(const Random& stream, float bound, Tensor& dst) {
  constexpr std::string_view operation = "draw_uniform";
  const Checks checks(operation);
  checks.same_device({{"dst", dst}});
  checks.real_type({"dst", dst});
  check(std::isfinite(bound) && bound >= 0, operation, "the bound is {}; it must be finite and not negative", bound);
  if (dst.size() == 0) return;
  const auto run = dispatch(dst.device(), reference::draw_uniform, cpu::draw_uniform, cuda::draw_uniform);
  run(stream, bound, dst);
}

void add_noise(const Random& stream, double spread, const Tensor& src, Tensor& dst) {
  Checks("add_noise").alike({{"src", src}, {"dst", dst}});
  check(spread >= 0, "add_noise", "a spread of {}; it may not be negative", spread);
  if (dst.size() == 0) return;
  const auto run = dispatch(src.device(), reference::add_noise, cpu::add_noise, cuda::add_noise);
  run(stream, spread, src, dst);
}

void draw_others(const Random& stream, Tensor& dst) {
  check_numbers("draw_others", {"dst", dst});
  if (dst.size() == 0) return;
  const auto run = dispatch(dst.device(), reference::draw_others, cpu::draw_others, cuda::draw_others);
  run(stream, dst);
}

void draw_order(const Random& stream, Tensor& dst) {
  check_numbers("draw_order", {"dst", dst});
  if (dst.size() == 0) return;
  const auto run = dispatch(dst.device(), reference::draw_order, cpu::draw_order, cuda::draw_order);
  run(stream, dst);
}

}  // namespace biossl::ops
