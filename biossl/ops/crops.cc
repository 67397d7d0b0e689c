#include "biossl/ops/crops.h"

#include <cmath>

#include "biossl/backend/backend.h"
#include "biossl/ops/checks.h"
#include "biossl/ops/dispatch.h"

namespace biossl::ops {
namespace {

void check_images(std::string_view operation, const Tensor& pixels, const Tensor& rows, const Tensor& dst,
                  std::size_t crops) {
  require_host(pixels.device(), operation);
  const Checks checks(operation);
  checks.same_device({{"pixels", pixels}, {"rows", rows}, {"dst", dst}});
  checks.rank({"pixels", pixels}, 4);
  checks.type({"pixels", pixels}, DType::uint8);
  checks.indices({"rows", rows}, pixels.extent(0));
  checks.rank({"dst", dst}, 4);
  checks.compute_type({"dst", dst});
  check(static_cast<std::int64_t>(crops) == rows.size(), operation, "{} crops of {} images", crops, rows.size());
}

/// Along one axis.
bool lies_inside(std::int64_t first, std::int64_t side, std::int64_t extent) {
  return side >= 1 && side <= extent && first >= 0 && first <= extent - side;
}

}  // namespace

void crop(const Tensor& pixels, const Tensor& rows, std::span<const Crop> crops, Tensor& dst) {
  constexpr std::string_view operation = "crop";
  check_images(operation, pixels, rows, dst, crops.size());
  check(dst.extent(0) == rows.size() && dst.extent(3) == pixels.extent(3), operation,
        "dst is {} for {} of the images {}", to_string(dst.shape()), rows.size(), to_string(pixels.shape()));
  for (const Crop& each : crops) {
    check(lies_inside(each.top, each.height, pixels.extent(1)) && lies_inside(each.left, each.width, pixels.extent(2)),
          operation, "{}x{} pixels from ({}, {}) do not lie in images {}", each.height, each.width, each.top, each.left,
          to_string(pixels.shape()));
    check(pixels.extent(3) == 3 || (!each.jitter && !each.grey), operation, "pixels have {} channels; colours need 3",
          pixels.extent(3));
    check(each.brightness >= 0 && each.contrast >= 0 && each.saturation >= 0 && std::isfinite(each.hue), operation,
          "brightness {}, contrast {}, saturation {}, hue {}: factors must be 0 or more, and hue finite",
          each.brightness, each.contrast, each.saturation, each.hue);
  }
  if (dst.size() == 0) return;
  host_dispatch(operation, pixels.device(), reference::crop, cpu::operations().crop)(pixels, rows, crops, dst);
}

void cut_patches(const Tensor& pixels, const Tensor& rows, std::span<const PatchCrop> crops, const PatchCut& cut,
                 Tensor& dst) {
  constexpr std::string_view operation = "cut_patches";
  check_images(operation, pixels, rows, dst, crops.size());
  check(pixels.extent(3) == 3 || pixels.extent(3) == 1, operation, "pixels have {} channels; grey is made of 3 or 1",
        pixels.extent(3));
  check(cut.patch >= 1 && cut.crop >= cut.patch && cut.stride >= 1 && cut.deviation > 0, operation,
        "a square of {} pixels, patches of {}, stride {}, deviation {} are impossible", cut.crop, cut.patch, cut.stride,
        cut.deviation);
  Checks(operation).shape({"dst", dst}, {rows.size() * cut.grid().size(), cut.patch, cut.patch, 1});
  for (const PatchCrop& each : crops) {
    check(lies_inside(each.top, cut.crop, pixels.extent(1)) && lies_inside(each.left, cut.crop, pixels.extent(2)),
          operation, "a square of {} pixels from ({}, {}) does not lie in images {}", cut.crop, each.top, each.left,
          to_string(pixels.shape()));
  }
  if (dst.size() == 0) return;
  const auto run = host_dispatch(operation, pixels.device(), reference::cut_patches, cpu::operations().cut_patches);
  run(pixels, rows, crops, cut, dst);
}

}  // namespace biossl::ops
