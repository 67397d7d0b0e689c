#include "biossl/backend/backend.h"
#include "biossl/ops/checks.h"
#include "biossl/ops/dispatch.h"
#include "biossl/ops/ops.h"

namespace biossl::ops {
namespace {

/// Checks pooling from src (N,H,W,C) to dst, under the names of the tensors in the operation.
void check_pooling(std::string_view operation, const Argument& src, std::int64_t window, const Argument& dst) {
  const Checks checks(operation);
  checks.rank(src, 4);
  check(window >= 1, operation, "a window of {}", window);
  const Shape& in = src.tensor.shape();
  check(in[1] >= window && in[2] >= window, operation, "{} is {}, smaller than the window of {}", src.name,
        to_string(in), window);
  checks.shape(dst, {in[0], in[1] / window, in[2] / window, in[3]});
  checks.compute_type(src);
  checks.type(dst, src.tensor.dtype());
}

void check_argmax(std::string_view operation, const Argument& argmax, std::int64_t window, const Shape& pooled) {
  const Checks checks(operation);
  check(window <= largest_pool, operation, "a window of {}; argmax counts up to {} x {} elements", window, largest_pool,
        largest_pool);
  checks.shape(argmax, pooled);
  checks.type(argmax, DType::uint8);
}

}  // namespace

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
