#include <cmath>
#include <limits>

#include "biossl/backend/backend.h"
#include "biossl/ops/checks.h"
#include "biossl/ops/dispatch.h"
#include "biossl/ops/ops.h"

namespace biossl::ops {
namespace {

/// Checks that int32 can hold the row numbers of dst.
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
  const auto run = dispatch(dst.device(), reference::draw_uniform, cpu::operations().draw_uniform, cuda::draw_uniform);
  run(stream, bound, dst);
}

void add_noise(const Random& stream, double spread, const Tensor& src, Tensor& dst) {
  Checks("add_noise").alike({{"src", src}, {"dst", dst}});
  check(spread >= 0, "add_noise", "a spread of {}; it may not be negative", spread);
  if (dst.size() == 0) return;
  const auto run = dispatch(src.device(), reference::add_noise, cpu::operations().add_noise, cuda::add_noise);
  run(stream, spread, src, dst);
}

void draw_negatives(const Random& stream, Tensor& dst) {
  check_numbers("draw_negatives", {"dst", dst});
  if (dst.size() == 0) return;
  const auto run =
      dispatch(dst.device(), reference::draw_negatives, cpu::operations().draw_negatives, cuda::draw_negatives);
  run(stream, dst);
}

void random_permutation(const Random& stream, Tensor& dst) {
  check_numbers("random_permutation", {"dst", dst});
  if (dst.size() == 0) return;
  const auto run = dispatch(dst.device(), reference::random_permutation, cpu::operations().random_permutation,
                            cuda::random_permutation);
  run(stream, dst);
}

}  // namespace biossl::ops
