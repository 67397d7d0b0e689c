#include "biossl/backend/backend.h"
#include "biossl/ops/checks.h"
#include "biossl/ops/dispatch.h"
#include "biossl/ops/ops.h"

namespace biossl::ops {

void draw_deformations(std::uint64_t seed, std::uint32_t epoch, std::uint32_t view, const Tensor& images,
                       const DeformRange& range, Tensor& parameters) {
  constexpr std::string_view operation = "draw_deformations";
  const Checks checks(operation);
  checks.same_device({{"images", images}, {"parameters", parameters}});
  checks.rank({"images", images}, 1);
  checks.type({"images", images}, DType::int32);
  checks.shape({"parameters", parameters}, {images.extent(0), deform_parameters});
  checks.type({"parameters", parameters}, DType::float32);
  check(range.affine >= 0 && range.affine <= 1, operation, "the probability of an affine map is {}", range.affine);
  check(range.perturb >= 0 && range.saturation >= 0 && range.hue >= 0, operation,
        "the range is perturb {}, saturation {}, hue {}; none may be negative", range.perturb, range.saturation,
        range.hue);
  if (images.size() == 0) return;
  const auto run = dispatch(images.device(), reference::draw_deformations, cpu::operations().draw_deformations,
                            cuda::draw_deformations);
  run(seed, epoch, view, images, range, parameters);
}

void deform(const Tensor& pixels, const Tensor& rows, const Tensor& parameters, Tensor& dst) {
  constexpr std::string_view operation = "deform";
  const Checks checks(operation);
  checks.same_device({{"pixels", pixels}, {"rows", rows}, {"parameters", parameters}, {"dst", dst}});
  checks.rank({"pixels", pixels}, 4);
  check(pixels.extent(3) == 3, operation, "pixels have {} channels; colours need 3", pixels.extent(3));
  check(pixels.dtype() == DType::uint8 || pixels.dtype() == DType::float32, operation,
        "pixels are {}, expected uint8 or float32", name_of(pixels.dtype()));
  checks.gathered({"pixels", pixels}, {"rows", rows}, {"dst", dst});
  checks.shape({"parameters", parameters}, {rows.extent(0), deform_parameters});
  checks.type({"parameters", parameters}, DType::float32);
  checks.compute_type({"dst", dst});
  if (dst.size() == 0) return;
  const auto run = dispatch(pixels.device(), reference::deform, cpu::operations().deform, cuda::deform);
  run(pixels, rows, parameters, dst);
}

}  // namespace biossl::ops
