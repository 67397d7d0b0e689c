#include "biossl/backend/backend.h"
#include "biossl/ops/checks.h"
#include "biossl/ops/dispatch.h"
#include "biossl/ops/ops.h"

namespace biossl::ops {
namespace {

/// Checks a linear layer from src (N,...) to dst (N,O) with weights (O,I), under the names of the tensors in the
/// operation. may_widen: embeddings may be float32 after bfloat16 activations.
void check_linear(std::string_view operation, const Argument& src, const Argument& weights, const Argument& bias,
                  const Argument& dst, bool may_widen) {
  const Checks checks(operation);
  checks.same_device({src, weights, dst}, {bias});
  check(src.tensor.shape().rank() >= 1, operation, "{} has no rows", src.name);
  checks.rank(weights, 2);
  const std::int64_t features = src.tensor.shape().row_size();
  const Shape& weight = weights.tensor.shape();
  check(features == weight[1], operation, "{} has {} features, {} expect {}", src.name, features, weights.name,
        weight[1]);
  check(features >= 1, operation, "{} is {}; it has no features", src.name, to_string(src.tensor.shape()));
  checks.shape(dst, {src.tensor.extent(0), weight[0]});
  checks.optional_shape(bias, {weight[0]});
  checks.compute_type(src);
  const bool widens = may_widen && src.tensor.dtype() == DType::bfloat16 && dst.tensor.dtype() == DType::float32;
  if (!widens) checks.type(dst, src.tensor.dtype());
  checks.type(weights, master_type(src.tensor.dtype()));
  checks.optional_type(bias, master_type(src.tensor.dtype()));
}

}  // namespace

void linear_forward(const Tensor& src, const Weights& weights, const Tensor& bias, Activation activation, Tensor& dst) {
  check_linear("linear_forward", {"src", src}, {"weights", weights.values()}, {"bias", bias}, {"dst", dst}, true);
  if (src.size() == 0) return;
  const auto run =
      dispatch(src.device(), reference::linear_forward, cpu::operations().linear_forward, cuda::linear_forward);
  run(src, weights, bias, activation, dst);
}

void linear_backward_data(const Tensor& d_dst, const Weights& weights, Tensor& d_src) {
  const Tensor no_bias;
  check_linear("linear_backward_data", {"d_src", d_src}, {"weights", weights.values()}, {"bias", no_bias},
               {"d_dst", d_dst}, false);
  if (d_src.size() == 0) return;
  const auto run = dispatch(d_dst.device(), reference::linear_backward_data, cpu::operations().linear_backward_data,
                            cuda::linear_backward_data);
  run(d_dst, weights, d_src);
}

void linear_backward_weights(const Tensor& src, const Tensor& d_dst, Tensor& d_weights, Tensor& d_bias) {
  check_linear("linear_backward_weights", {"src", src}, {"d_weights", d_weights}, {"d_bias", d_bias}, {"d_dst", d_dst},
               false);
  if (src.size() == 0) {
    d_weights.fill_zero();
    d_bias.fill_zero();
    return;
  }
  const auto run = dispatch(src.device(), reference::linear_backward_weights, cpu::operations().linear_backward_weights,
                            cuda::linear_backward_weights);
  run(src, d_dst, d_weights, d_bias);
}

}  // namespace biossl::ops
