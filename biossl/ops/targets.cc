#include "biossl/backend/backend.h"
#include "biossl/ops/checks.h"
#include "biossl/ops/dispatch.h"
#include "biossl/ops/ops.h"

namespace biossl::ops {

void activation_difference(const Tensor& sums, const Tensor& bias, Activation activation, const Tensor& rise,
                           Tensor& dst) {
  constexpr std::string_view operation = "activation_difference";
  const Checks checks(operation);
  checks.alike({{"sums", sums}, {"rise", rise}, {"dst", dst}});
  check(sums.shape().rank() >= 1, operation, "sums has no channels");
  checks.same_device({{"sums", sums}}, {{"bias", bias}});
  checks.optional_shape({"bias", bias}, {sums.extent(sums.shape().rank() - 1)});
  checks.optional_type({"bias", bias}, master_type(sums.dtype()));
  if (dst.size() == 0) return;
  const auto run = dispatch(sums.device(), reference::activation_difference, cpu::operations().activation_difference,
                            cuda::activation_difference);
  run(sums, bias, activation, rise, dst);
}

void mean_square_backward(const Tensor& output, const Tensor& target, Activation activation, Tensor& d_sums) {
  Checks("mean_square_backward").alike({{"output", output}, {"target", target}, {"d_sums", d_sums}});
  if (d_sums.size() == 0) return;
  const auto run = dispatch(output.device(), reference::mean_square_backward, cpu::operations().mean_square_backward,
                            cuda::mean_square_backward);
  run(output, target, activation, d_sums);
}

}  // namespace biossl::ops
