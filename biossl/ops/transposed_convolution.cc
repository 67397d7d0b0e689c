#include "biossl/backend/backend.h"
#include "biossl/ops/checks.h"
#include "biossl/ops/dispatch.h"
#include "biossl/ops/ops.h"

namespace biossl::ops {
namespace {

/// Checks a transposed convolution from src (N,H',W',O) to dst (N,H,W,I) with weights (O,K',K,I), under the names of
/// the tensors in the operation.
void check_transposed(std::string_view operation, const Argument& src, const Argument& weights, const Argument& bias,
                      const Argument& dst, const Conv2d& conv) {
  const Checks checks(operation);
  checks.same_device({src, weights, dst}, {bias});
  checks.convolution(conv, src.tensor.device());
  checks.rank(src, 4);
  checks.rank(weights, 4);
  checks.rank(dst, 4);
  const Shape& weight = weights.tensor.shape();
  const Shape& out = dst.tensor.shape();
  check(src.tensor.extent(3) == weight[0], operation, "{} has {} channels, {} expect {}", src.name,
        src.tensor.extent(3), weights.name, weight[0]);
  checks.shape(weights, {weight[0], conv.vertical().kernel, conv.kernel, weight[3]});
  checks.holds_kernel(dst, conv);
  checks.shape(dst, {src.tensor.extent(0), out[1], out[2], weight[3]});
  checks.shape(src, {out[0], conv.output_height(out[1]), conv.output_width(out[2]), weight[0]});
  checks.optional_shape(bias, {weight[3]});
  checks.compute_type(src);
  checks.type(dst, src.tensor.dtype());
  checks.type(weights, master_type(src.tensor.dtype()));
  checks.optional_type(bias, master_type(src.tensor.dtype()));
}

}  // namespace

void transposed_conv2d_forward(const Tensor& src, const Weights& weights, const Tensor& bias, const Conv2d& conv,
                               Activation activation, Tensor& dst) {
  check_transposed("transposed_conv2d_forward", {"src", src}, {"weights", weights.values()}, {"bias", bias},
                   {"dst", dst}, conv);
  if (dst.size() == 0) return;
  const auto run = dispatch(src.device(), reference::transposed_conv2d_forward,
                            cpu::operations().transposed_conv2d_forward, cuda::transposed_conv2d_forward);
  run(src, weights, bias, conv, activation, dst);
}

void transposed_conv2d_backward_weights(const Tensor& src, const Tensor& d_dst, const Conv2d& conv, Tensor& d_weights,
                                        Tensor& d_bias) {
  check_transposed("transposed_conv2d_backward_weights", {"src", src}, {"d_weights", d_weights}, {"d_bias", d_bias},
                   {"d_dst", d_dst}, conv);
  if (d_dst.size() == 0) {
    d_weights.fill_zero();
    d_bias.fill_zero();
    return;
  }
  const auto run =
      dispatch(src.device(), reference::transposed_conv2d_backward_weights,
               cpu::operations().transposed_conv2d_backward_weights, cuda::transposed_conv2d_backward_weights);
  run(src, d_dst, conv, d_weights, d_bias);
}

}  // namespace biossl::ops
