#include "biossl/backend/backend.h"
#include "biossl/ops/checks.h"
#include "biossl/ops/dispatch.h"
#include "biossl/ops/layer_checks.h"
#include "biossl/ops/ops.h"

namespace biossl::ops {

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
