#include "biossl/backend/backend.h"
#include "biossl/ops/checks.h"
#include "biossl/ops/dispatch.h"
#include "biossl/ops/ops.h"

namespace biossl::ops {

void convert(const Tensor& src, Tensor& dst) {
  const Checks checks("convert");
  checks.same_device({{"src", src}, {"dst", dst}});
  checks.shape({"dst", dst}, src.shape());
  checks.compute_type({"src", src});
  checks.compute_type({"dst", dst});
  if (dst.size() == 0) return;
  const auto run = dispatch(src.device(), reference::convert, cpu::operations().convert, cuda::convert);
  run(src, dst);
}

}  // namespace biossl::ops
