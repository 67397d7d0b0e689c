#include "biossl/backend/backend.h"
#include "biossl/ops/checks.h"
#include "biossl/ops/dispatch.h"
#include "biossl/ops/layer_checks.h"
#include "biossl/ops/ops.h"

namespace biossl::ops {

void max_pool_forward(const Tensor& src, std::int64_t window, Activation activation, Tensor& dst, Tensor& argmax) {
  constexpr std::string_view operation = "max_pool_forward";
  Checks(operation).same_device({{"src", src}, {"dst", dst}, {"argmax", argmax}});
  check_pooling(operation, {"src", src}, window, {"dst", dst});
  check_argmax(operation, {"argmax", argmax}, window, dst.shape());
  if (dst.size() == 0) return;
  const auto run =
      dispatch(src.device(), reference::max_pool_forward, cpu::operations().max_pool_forward, cuda::max_pool_forward);
  run(src, window, activation, dst, argmax);
}

void max_pool_backward(const Tensor& d_dst, const Tensor& dst, const Tensor& argmax, std::int64_t window,
                       Activation activation, Tensor& d_src) {
  constexpr std::string_view operation = "max_pool_backward";
  const Checks checks(operation);
  checks.same_device({{"d_dst", d_dst}, {"dst", dst}, {"argmax", argmax}, {"d_src", d_src}});
  check_pooling(operation, {"d_src", d_src}, window, {"d_dst", d_dst});
  check_argmax(operation, {"argmax", argmax}, window, d_dst.shape());
  checks.shape({"dst", dst}, d_dst.shape());
  checks.type({"dst", dst}, d_dst.dtype());
  if (d_src.size() == 0) return;
  const auto run = dispatch(d_dst.device(), reference::max_pool_backward, cpu::operations().max_pool_backward,
                            cuda::max_pool_backward);
  run(d_dst, dst, argmax, window, activation, d_src);
}

void average_pool_forward(const Tensor& src, std::int64_t window, Tensor& dst) {
  constexpr std::string_view operation = "average_pool_forward";
  Checks(operation).same_device({{"src", src}, {"dst", dst}});
  check_pooling(operation, {"src", src}, window, {"dst", dst});
  if (dst.size() == 0) return;
  const auto run = dispatch(src.device(), reference::average_pool_forward, cpu::operations().average_pool_forward,
                            cuda::average_pool_forward);
  run(src, window, dst);
}

void average_pool_backward(const Tensor& d_dst, std::int64_t window, Tensor& d_src) {
  constexpr std::string_view operation = "average_pool_backward";
  Checks(operation).same_device({{"d_dst", d_dst}, {"d_src", d_src}});
  check_pooling(operation, {"d_src", d_src}, window, {"d_dst", d_dst});
  if (d_src.size() == 0) return;
  const auto run = dispatch(d_dst.device(), reference::average_pool_backward, cpu::operations().average_pool_backward,
                            cuda::average_pool_backward);
  run(d_dst, window, d_src);
}

}  // namespace biossl::ops
