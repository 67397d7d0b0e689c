#include "biossl/backend/backend.h"
#include "biossl/ops/checks.h"
#include "biossl/ops/dispatch.h"
#include "biossl/ops/ops.h"

namespace biossl::ops {
namespace {

/// Checks a linear layer from rows of src (M,...) to dst (N,O), under the names of the tensors in the operation.
void check_gathered_linear(std::string_view operation, const Tensor& src, const Tensor& rows, const Argument& weights,
                           const Argument& bias, const Argument& dst) {
  const Checks checks(operation);
  checks.same_device({{"src", src}, {"rows", rows}, weights, bias, dst});
  check(src.shape().rank() >= 1, operation, "src has no rows");
  checks.compute_type({"src", src});
  checks.indices({"rows", rows}, src.extent(0));
  checks.rank(dst, 2);
  const std::int64_t outputs = dst.tensor.extent(1);
  checks.shape(dst, {rows.extent(0), outputs});
  checks.shape(weights, {outputs, src.shape().row_size()});
  checks.shape(bias, {outputs});
  for (const Argument& argument : {weights, bias, dst}) checks.type(argument, master_type(src.dtype()));
}

}  // namespace

void gathered_linear_forward(const Tensor& src, const Tensor& rows, const Tensor& weights, const Tensor& bias,
                             Tensor& dst) {
  check_gathered_linear("gathered_linear_forward", src, rows, {"weights", weights}, {"bias", bias}, {"dst", dst});
  if (dst.size() == 0) return;
  const auto run = dispatch(src.device(), reference::gathered_linear_forward, cpu::operations().gathered_linear_forward,
                            cuda::gathered_linear_forward);
  run(src, rows, weights, bias, dst);
}

void gathered_linear_backward_weights(const Tensor& src, const Tensor& rows, const Tensor& d_dst, Tensor& d_weights,
                                      Tensor& d_bias) {
  check_gathered_linear("gathered_linear_backward_weights", src, rows, {"d_weights", d_weights}, {"d_bias", d_bias},
                        {"d_dst", d_dst});
  const auto run = dispatch(src.device(), reference::gathered_linear_backward_weights,
                            cpu::operations().gathered_linear_backward_weights, cuda::gathered_linear_backward_weights);
  run(src, rows, d_dst, d_weights, d_bias);
}

}  // namespace biossl::ops
