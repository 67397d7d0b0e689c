#include "biossl/backend/backend.h"
#include "biossl/ops/checks.h"
#include "biossl/ops/dispatch.h"
#include "biossl/ops/layer_checks.h"
#include "biossl/ops/ops.h"

namespace biossl::ops {
namespace {

/// Checks the errors of a convolution from `map` (N,H,W,I) with weights (O,K',K,I) below a max-pool.
void check_pooled(std::string_view operation, const Argument& map, const Argument& weights, const PooledError& error,
                  const Conv2d& conv) {
  const Checks checks(operation);
  checks.same_device({map, weights, {"values", error.values}, {"argmax", error.argmax}, {"scratch", error.scratch}});
  checks.convolution(conv, map.tensor.device());
  checks.rank(map, 4);
  checks.rank(weights, 4);
  const Shape& in = map.tensor.shape();
  const std::int64_t outputs = weights.tensor.extent(0);
  checks.shape(weights, {outputs, conv.vertical().kernel, conv.kernel, in[3]});
  check(error.window >= 1, operation, "a window of {}; it must be at least 1", error.window);
  const std::int64_t height = conv.output_height(in[1]);
  const std::int64_t width = conv.output_width(in[2]);
  checks.shape({"values", error.values}, {in[0], height / error.window, width / error.window, outputs});
  check_argmax(operation, {"argmax", error.argmax}, error.window, error.values.shape());
  checks.compute_type(map);
  checks.type({"values", error.values}, map.tensor.dtype());
  checks.type({"scratch", error.scratch}, map.tensor.dtype());
  checks.type(weights, master_type(map.tensor.dtype()));
  check(error.scratch.size() >= in[0] * height * width * outputs, operation, "scratch holds {} numbers, {} are needed",
        error.scratch.size(), in[0] * height * width * outputs);
}

}  // namespace

void conv2d_pooled_forward(const Tensor& src, const Weights& weights, const Tensor& bias, const Conv2d& conv,
                           std::int64_t window, Activation activation, Tensor& unpooled, Tensor& dst, Tensor& argmax) {
  constexpr std::string_view operation = "conv2d_pooled_forward";
  check_convolution(operation, {"src", src}, {"weights", weights.values()}, {"bias", bias}, {"unpooled", unpooled},
                    conv);
  Checks(operation).same_device({{"unpooled", unpooled}, {"dst", dst}, {"argmax", argmax}});
  check_pooling(operation, {"unpooled", unpooled}, window, {"dst", dst});
  check_argmax(operation, {"argmax", argmax}, window, dst.shape());
  Checks(operation).apart({"src", src}, {"dst", dst});
  Checks(operation).apart({"src", src}, {"argmax", argmax});
  if (dst.size() == 0) return;
  const auto run = dispatch(src.device(), reference::conv2d_pooled_forward, cpu::operations().conv2d_pooled_forward,
                            cuda::conv2d_pooled_forward);
  run(src, weights, bias, conv, window, activation, unpooled, dst, argmax);
}

void conv2d_backward_data(const PooledError& error, const Weights& weights, const Conv2d& conv, Tensor& d_src) {
  if (!error.is_pooled()) return conv2d_backward_data(error.values, weights, conv, d_src);
  check_pooled("conv2d_backward_data", {"d_src", d_src}, {"weights", weights.values()}, error, conv);
  if (d_src.size() == 0) return;
  const auto run = dispatch(d_src.device(), reference::conv2d_pooled_backward_data,
                            cpu::operations().conv2d_pooled_backward_data, cuda::conv2d_pooled_backward_data);
  run(error, weights, conv, d_src);
}

void conv2d_backward_weights(const Tensor& src, const PooledError& error, const Conv2d& conv, Tensor& d_weights,
                             Tensor& d_bias) {
  if (!error.is_pooled()) return conv2d_backward_weights(src, error.values, conv, d_weights, d_bias);
  check_pooled("conv2d_backward_weights", {"src", src}, {"d_weights", d_weights}, error, conv);
  const Checks checks("conv2d_backward_weights");
  checks.same_device({{"src", src}}, {{"d_bias", d_bias}});
  checks.optional_shape({"d_bias", d_bias}, {d_weights.extent(0)});
  checks.optional_type({"d_bias", d_bias}, master_type(src.dtype()));
  if (src.size() == 0) {
    d_weights.fill_zero();
    d_bias.fill_zero();
    return;
  }
  const auto run = dispatch(src.device(), reference::conv2d_pooled_backward_weights,
                            cpu::operations().conv2d_pooled_backward_weights, cuda::conv2d_pooled_backward_weights);
  run(src, error, conv, d_weights, d_bias);
}

}  // namespace biossl::ops
