#include "biossl/backend/shared/deform.h"

#include <algorithm>

#include "biossl/backend/backend.h"
#include "biossl/backend/reference/elements.h"
#include "biossl/ops/ops.h"

namespace biossl::reference {
namespace {

template <class Pixel>
void deform_image(const Pixel* image, std::int32_t height, std::int32_t width, const float* parameters, double* out) {
  const auto map = shared::pixel_map<double>(parameters, height, width);
  const auto saturation = static_cast<double>(parameters[6]);
  const auto hue = static_cast<double>(parameters[7]);
  const bool mirror = parameters[8] != 0;
  for (std::int32_t row = 0; row < height; ++row) {
    for (std::int32_t column = 0; column < width; ++column) {
      const shared::Colour<double> seen = shared::sample(image, height, width, map.x(column, row), map.y(column, row));
      const shared::Colour<double> adjusted = shared::adjust_colour(seen, saturation, hue);
      double* to = out + (row * width + (mirror ? width - 1 - column : column)) * 3;
      to[0] = adjusted.red;
      to[1] = adjusted.green;
      to[2] = adjusted.blue;
    }
  }
}

template <class Pixel>
void deform_images(const Tensor& pixels, const Tensor& rows, const Tensor& parameters, Tensor& dst) {
  const auto height = static_cast<std::int32_t>(pixels.extent(1));
  const auto width = static_cast<std::int32_t>(pixels.extent(2));
  const std::int64_t image_size = pixels.shape().row_size();
  std::vector<double> output = zeros_like(dst);
  for (std::int64_t n = 0; n < dst.extent(0); ++n) {
    const Pixel* image = pixels.data<Pixel>() + rows.data<std::int32_t>()[n] * image_size;
    deform_image(image, height, width, parameters.data<float>() + n * ops::deform_parameters,
                 output.data() + n * image_size);
  }
  store(output, dst);
}

}  // namespace

void draw_deformations(std::uint64_t seed, std::uint32_t epoch, std::uint32_t view, const Tensor& images,
                       const DeformRange& range, Tensor& parameters) {
  for (std::int64_t n = 0; n < images.extent(0); ++n) {
    const auto image = static_cast<std::uint32_t>(images.data<std::int32_t>()[n]);
    Random random(seed, Purpose::views, epoch, image, view);
    const auto drawn = shared::draw_deformation(random, range);
    std::copy(drawn.begin(), drawn.end(), parameters.data<float>() + n * ops::deform_parameters);
  }
}

void deform(const Tensor& pixels, const Tensor& rows, const Tensor& parameters, Tensor& dst) {
  const bool bytes = pixels.dtype() == DType::uint8;
  (bytes ? deform_images<std::uint8_t> : deform_images<float>)(pixels, rows, parameters, dst);
}

}  // namespace biossl::reference
