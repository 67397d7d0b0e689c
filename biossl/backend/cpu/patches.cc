#include <algorithm>
#include <vector>

#include "biossl/backend/backend.h"
#include "biossl/backend/cpu/elements.h"
#include "biossl/backend/shared/crops.h"
#include "biossl/core/parallel.h"

namespace biossl::cpu::BIOSSL_LEVEL {
namespace {

/// The grey values of a row of pixels as (x - mean) / deviation.
struct GreyScale {
  float factor, offset;

  explicit GreyScale(const PatchCut& cut)
      : factor(1.0F / (255.0F * cut.deviation)), offset(-cut.mean / cut.deviation) {}

  void operator()(const std::uint8_t* __restrict bytes, std::int64_t channels, std::int64_t pixels,
                  float* __restrict to) const {
    if (channels == 1) {
      for (std::int64_t i = 0; i < pixels; ++i) to[i] = static_cast<float>(bytes[i]) * factor + offset;
      return;
    }
    for (std::int64_t i = 0; i < pixels; ++i) {
      const float grey = shared::grey_of(static_cast<float>(bytes[3 * i]), static_cast<float>(bytes[3 * i + 1]),
                                         static_cast<float>(bytes[3 * i + 2]));
      to[i] = grey * factor + offset;
    }
  }
};

template <class T>
void cut_square(const std::vector<float>& square, const PatchCut& cut, T* __restrict to) {
  const PatchGrid grid = cut.grid();
  for (std::int64_t patch = 0; patch < grid.size(); ++patch) {
    const float* from =
        square.data() + patch / grid.columns * cut.stride * cut.crop + patch % grid.columns * cut.stride;
    for (std::int64_t row = 0; row < cut.patch; ++row, from += cut.crop, to += cut.patch) {
#pragma omp simd
      for (std::int64_t i = 0; i < cut.patch; ++i) store(from[i], to[i]);
    }
  }
}

template <class T>
void cut_images(const Tensor& pixels, const Tensor& rows, std::span<const PatchCrop> crops, const PatchCut& cut,
                Tensor& dst) {
  const std::int64_t width = pixels.extent(2);
  const std::int64_t channels = pixels.extent(3);
  const std::int64_t bytes = pixels.shape().row_size();
  const std::int64_t size = cut.grid().size() * dst.shape().row_size();
  const GreyScale grey(cut);
  parallel_for(rows.size(), 1, [&](std::int64_t begin, std::int64_t end) {
    std::vector<float> square(static_cast<std::size_t>(cut.crop * cut.crop));
    for (std::int64_t n = begin; n < end; ++n) {
      const PatchCrop& crop = crops[static_cast<std::size_t>(n)];
      const std::uint8_t* image = pixels.data<std::uint8_t>() + rows.data<std::int32_t>()[n] * bytes;
      for (std::int64_t row = 0; row < cut.crop; ++row) {
        float* to = square.data() + row * cut.crop;
        grey(image + ((crop.top + row) * width + crop.left) * channels, channels, cut.crop, to);
        if (crop.mirror) std::reverse(to, to + cut.crop);
      }
      cut_square(square, cut, dst.data<T>() + n * size);
    }
  });
}

}  // namespace

void cut_patches(const Tensor& pixels, const Tensor& rows, std::span<const PatchCrop> crops, const PatchCut& cut,
                 Tensor& dst) {
  with_type(dst, [&](auto zero) { cut_images<decltype(zero)>(pixels, rows, crops, cut, dst); });
}

}  // namespace biossl::cpu::BIOSSL_LEVEL
