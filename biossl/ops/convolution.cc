#include "biossl/backend/backend.h"
#include "biossl/ops/checks.h"
#include "biossl/ops/dispatch.h"
#include "biossl/ops/ops.h"

namespace biossl::ops {
namespace {

/// Checks a convolution from src (N,H,W,I) to dst (N,H',W',O) with weights (O,K',K,I), under the names of the tensors
/// in the operation.
void check_convolution(std::string_view operation, const Argument& src, const Argument& weights, const Argument& bias,
                       const Argument& dst, const Conv2d& conv) {
  const Checks checks(operation);
  checks.same_device({src, weights, dst}, {bias});
  checks.convolution(conv, src.tensor.device());
  checks.rank(src, 4);
  checks.rank(weights, 4);
  checks.rank(dst, 4);
  const Shape& in = src.tensor.shape();
  const Shape& weight = weights.tensor.shape();
  check(in[3] == weight[3], operation, "{} has {} channels, {} expect {}", src.name, in[3], weights.name, weight[3]);
  checks.shape(weights, {weight[0], conv.vertical().kernel, conv.kernel, weight[3]});
  checks.holds_kernel(src, conv);
  checks.shape(dst, {in[0], conv.output_height(in[1]), conv.output_width(in[2]), weight[0]});
  checks.optional_shape(bias, {weight[0]});
  checks.compute_type(src);
  checks.type(dst, src.tensor.dtype());
  checks.type(weights, master_type(src.tensor.dtype()));
  checks.optional_type(bias, master_type(src.tensor.dtype()));
}

}  // namespace

void conv2d_forward(const Tensor& src, const Weights& weights, const Tensor& bias, const Conv2d& conv,
                    Activation activation, Tensor& dst) {
  check_convolution("conv2d_forward", {"src", src}, {"weights", weights.values()}, {"bias", bias}, {"dst", dst}, conv);
  if (src.size() == 0) return;
  const auto run =
      dispatch(src.device(), reference::conv2d_forward, cpu::operations().conv2d_forward, cuda::conv2d_forward);
  run(src, weights, bias, conv, activation, dst);
}

void conv2d_backward_data(const Tensor& d_dst, const Weights& weights, const Conv2d& conv, Tensor& d_src) {
  const Tensor no_bias;
  check_convolution("conv2d_backward_data", {"d_src", d_src}, {"weights", weights.values()}, {"bias", no_bias},
                    {"d_dst", d_dst}, conv);
  if (d_src.size() == 0) return;
  const auto run = dispatch(d_dst.device(), reference::conv2d_backward_data, cpu::operations().conv2d_backward_data,
                            cuda::conv2d_backward_data);
  run(d_dst, weights, conv, d_src);
}

void conv2d_backward_weights(const Tensor& src, const Tensor& d_dst, const Conv2d& conv, Tensor& d_weights,
                             Tensor& d_bias) {
  check_convolution("conv2d_backward_weights", {"src", src}, {"d_weights", d_weights}, {"d_bias", d_bias},
                    {"d_dst", d_dst}, conv);
  if (src.size() == 0) {
    d_weights.fill_zero();
    d_bias.fill_zero();
    return;
  }
  const auto run = dispatch(src.device(), reference::conv2d_backward_weights, cpu::operations().conv2d_backward_weights,
                            cuda::conv2d_backward_weights);
  run(src, d_dst, conv, d_weights, d_bias);
}

}  // namespace biossl::ops
