#include "biossl/backend/backend.h"
#include "biossl/ops/checks.h"
#include "biossl/ops/dispatch.h"
#include "biossl/ops/ops.h"

namespace biossl::ops {

void activation_backward(const Tensor& d_dst, const Tensor& dst, Activation activation, Tensor& d_src) {
  const Checks checks("activation_backward");
  checks.same_device({{"d_dst", d_dst}, {"dst", dst}, {"d_src", d_src}});
  checks.shape({"dst", dst}, d_dst.shape());
  checks.shape({"d_src", d_src}, d_dst.shape());
  checks.compute_type({"d_dst", d_dst});
  checks.type({"dst", dst}, d_dst.dtype());
  checks.type({"d_src", d_src}, d_dst.dtype());
  if (d_src.size() == 0) return;
  const auto run = dispatch(d_dst.device(), reference::activation_backward, cpu::operations().activation_backward,
                            cuda::activation_backward);
  run(d_dst, dst, activation, d_src);
}

}  // namespace biossl::ops
