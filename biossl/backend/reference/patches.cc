#include <vector>

#include "biossl/backend/backend.h"
#include "biossl/backend/reference/elements.h"
#include "biossl/backend/shared/crops.h"

namespace biossl::reference {
namespace {

/// The grey value in [0, 1] of a pixel of an image.
double grey_at(const Tensor& pixels, std::int64_t image, std::int64_t row, std::int64_t column) {
  const std::int64_t place = (image * pixels.extent(1) + row) * pixels.extent(2) + column;
  const std::uint8_t* bytes = pixels.data<std::uint8_t>() + place * pixels.extent(3);
  const auto value = [&](int channel) { return static_cast<double>(bytes[channel]) / 255; };
  return pixels.extent(3) == 3 ? shared::grey_of(value(0), value(1), value(2)) : value(0);
}

}  // namespace

void cut_patches(const Tensor& pixels, const Tensor& rows, std::span<const PatchCrop> crops, const PatchCut& cut,
                 Tensor& dst) {
  const PatchGrid grid = cut.grid();
  std::vector<double> output;
  output.reserve(static_cast<std::size_t>(dst.size()));
  for (std::int64_t n = 0; n < rows.size(); ++n) {
    const PatchCrop& square = crops[static_cast<std::size_t>(n)];
    for (std::int64_t patch = 0; patch < grid.size(); ++patch) {
      for (std::int64_t i = 0; i < cut.patch * cut.patch; ++i) {
        const std::int64_t row = patch / grid.columns * cut.stride + i / cut.patch;
        const std::int64_t column = patch % grid.columns * cut.stride + i % cut.patch;
        const std::int64_t place = square.mirror ? cut.crop - 1 - column : column;
        const double grey = grey_at(pixels, rows.data<std::int32_t>()[n], square.top + row, square.left + place);
        output.push_back((grey - static_cast<double>(cut.mean)) / static_cast<double>(cut.deviation));
      }
    }
  }
  store(output, dst);
}

}  // namespace biossl::reference
