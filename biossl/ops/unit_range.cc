#include "biossl/backend/backend.h"
#include "biossl/ops/checks.h"
#include "biossl/ops/dispatch.h"
#include "biossl/ops/ops.h"

namespace biossl::ops {

void unit_range(const Tensor& pixels, const Tensor& rows, Tensor& dst) {
  constexpr std::string_view operation = "unit_range";
  const Checks checks(operation);
  checks.same_device({{"pixels", pixels}, {"rows", rows}, {"dst", dst}});
  checks.type({"pixels", pixels}, DType::uint8);
  checks.gathered({"pixels", pixels}, {"rows", rows}, {"dst", dst});
  checks.compute_type({"dst", dst});
  if (dst.size() == 0) return;
  const auto run = dispatch(pixels.device(), reference::unit_range, cpu::operations().unit_range, cuda::unit_range);
  run(pixels, rows, dst);
}

}  // namespace biossl::ops
