#include "biossl/backend/backend.h"
#include "biossl/ops/checks.h"
#include "biossl/ops/dispatch.h"
#include "biossl/ops/ops.h"

namespace biossl::ops {

void gather_rows(const Tensor& src, const Tensor& rows, Tensor& dst) {
  constexpr std::string_view operation = "gather_rows";
  const Checks checks(operation);
  checks.same_device({{"src", src}, {"rows", rows}, {"dst", dst}});
  checks.gathered({"src", src}, {"rows", rows}, {"dst", dst});
  checks.type({"dst", dst}, src.dtype());
  if (dst.size() == 0) return;
  const auto run = dispatch(src.device(), reference::gather_rows, cpu::operations().gather_rows, cuda::gather_rows);
  run(src, rows, dst);
}

void scatter_rows(const Tensor& from, const Tensor& to, Tensor& tensor) {
  const Checks checks("scatter_rows");
  checks.same_device({{"from", from}, {"to", to}, {"tensor", tensor}});
  check(tensor.shape().rank() >= 1, "scatter_rows", "tensor has no rows");
  checks.shape({"to", to}, from.shape());
  for (const Argument& indices : {Argument{"from", from}, Argument{"to", to}}) {
    checks.indices(indices, tensor.extent(0));
  }
  if (from.size() == 0) return;
  const auto run =
      dispatch(tensor.device(), reference::scatter_rows, cpu::operations().scatter_rows, cuda::scatter_rows);
  run(from, to, tensor);
}

}  // namespace biossl::ops
