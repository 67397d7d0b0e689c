#include "biossl/backend/backend.h"
#include "biossl/ops/checks.h"
#include "biossl/ops/dispatch.h"
#include "biossl/ops/ops.h"

namespace biossl::ops {
namespace {

/// Two arguments that are worked on element by element.
void check_alike(const Checks& checks, const Argument& first, const Argument& other) {
  checks.same_device({first, other});
  checks.compute_type(first);
  checks.shape(other, first.tensor.shape());
  checks.type(other, first.tensor.dtype());
}

}  // namespace

void activation_difference(const Tensor& sums, const Tensor& bias, Activation activation, const Tensor& drop,
                           Tensor& dst) {
  constexpr std::string_view operation = "activation_difference";
  const Checks checks(operation);
  checks.same_device({{"sums", sums}}, {{"bias", bias}});
  check_alike(checks, {"sums", sums}, {"drop", drop});
  check_alike(checks, {"sums", sums}, {"dst", dst});
  check(sums.shape().rank() >= 1, operation, "sums has no channels");
  checks.optional_shape({"bias", bias}, {sums.extent(sums.shape().rank() - 1)});
  checks.optional_type({"bias", bias}, master_type(sums.dtype()));
  if (dst.size() == 0) return;
  const auto run = dispatch(sums.device(), reference::activation_difference, cpu::activation_difference,
                            cuda::activation_difference);
  run(sums, bias, activation, drop, dst);
}

void mean_square_backward(const Tensor& output, const Tensor& target, Activation activation, Tensor& d_sums) {
  const Checks checks("mean_square_backward");
  check_alike(checks, {"output", output}, {"target", target});
  check_alike(checks, {"output", output}, {"d_sums", d_sums});
  if (d_sums.size() == 0) return;
  const auto run =
      dispatch(output.device(), reference::mean_square_backward, cpu::mean_square_backward, cuda::mean_square_backward);
  run(output, target, activation, d_sums);
}

void scale(const Tensor& src, double factor, Tensor& dst, double offset) {
  check_alike(Checks("scale"), {"src", src}, {"dst", dst});
  if (dst.size() == 0) return;
  const auto run = dispatch(src.device(), reference::scale, cpu::scale, cuda::scale);
  run(src, factor, offset, dst);
}

void add_noise(const Random& stream, double spread, const Tensor& src, Tensor& dst) {
  check_alike(Checks("add_noise"), {"src", src}, {"dst", dst});
  check(spread >= 0, "add_noise", "a spread of {}; it may not be negative", spread);
  if (dst.size() == 0) return;
  const auto run = dispatch(src.device(), reference::add_noise, cpu::add_noise, cuda::add_noise);
  run(stream, spread, src, dst);
}

}  // namespace biossl::ops
