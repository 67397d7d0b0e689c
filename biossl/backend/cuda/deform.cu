#include "biossl/backend/backend.h"
#include "biossl/backend/cuda/kernels.cuh"
#include "biossl/backend/shared/deform.h"
#include "biossl/ops/ops.h"

namespace biossl::cuda {

/// One thread per pixel: everything between reading bytes and writing the view stays in registers.
template <class Pixel, class T>
void deform_images(const Pixel* pixels, const std::int32_t* rows, const float* parameters, T* dst, std::int32_t height,
                   std::int32_t width, std::int64_t images) {
  const std::int64_t size = std::int64_t{height} * width;
  for_each(images * size, [=] __device__(std::int64_t i) {
    const std::int64_t n = i / size;
    const auto row = static_cast<std::int32_t>(i % size) / width;
    const auto column = static_cast<std::int32_t>(i % size) % width;
    const float* of_image = parameters + n * ops::deform_parameters;
    const auto map = shared::pixel_map<float>(of_image, height, width);
    const Pixel* image = pixels + rows[n] * size * 3;
    const auto x = static_cast<float>(column);
    const auto y = static_cast<float>(row);
    const shared::Colour<float> seen = shared::sample(image, height, width, map.x(x, y), map.y(x, y));
    const shared::Colour<float> adjusted = shared::adjust_colour(seen, of_image[6], of_image[7]);
    const bool mirror = of_image[8] != 0.0F;
    T* to = dst + (n * size + row * width + (mirror ? width - 1 - column : column)) * 3;
    to[0] = T(adjusted.red);
    to[1] = T(adjusted.green);
    to[2] = T(adjusted.blue);
  });
}

void draw_deformations(std::uint64_t seed, std::uint32_t epoch, std::uint32_t view, const Tensor& images,
                       const DeformRange& range, Tensor& parameters) {
  const auto* image = images.data<std::int32_t>();
  float* to = parameters.data<float>();
  for_each(images.size(), [=] __device__(std::int64_t n) {
    Random random(seed, Purpose::views, epoch, static_cast<std::uint32_t>(image[n]), view);
    const auto drawn = shared::draw_deformation(random, range);
    for (std::size_t i = 0; i < drawn.size(); ++i) to[static_cast<std::size_t>(n) * drawn.size() + i] = drawn[i];
  });
}

void deform(const Tensor& pixels, const Tensor& rows, const Tensor& parameters, Tensor& dst) {
  const auto height = static_cast<std::int32_t>(pixels.extent(1));
  const auto width = static_cast<std::int32_t>(pixels.extent(2));
  const auto made = [&](const auto* from) {
    with_float_type(dst, [&](auto zero) {
      deform_images(from, rows.data<std::int32_t>(), parameters.data<float>(), dst.data<decltype(zero)>(), height,
                    width, dst.extent(0));
    });
  };
  if (pixels.dtype() == DType::uint8) return made(pixels.data<std::uint8_t>());
  made(pixels.data<float>());
}

}  // namespace biossl::cuda
