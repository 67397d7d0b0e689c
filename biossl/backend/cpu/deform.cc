#include "biossl/backend/shared/deform.h"

#include <vector>

#include "biossl/backend/backend.h"
#include "biossl/backend/cpu/elements.h"
#include "biossl/core/parallel.h"

namespace biossl::cpu {
namespace {

/// One image row's work in progress, a colour channel after the other, so that every loop but the last runs over 16
/// pixels at a time.
struct Scratch {
  // The image, a pixel's three bytes in one word, so that one gather fetches all channels.
  std::vector<std::int32_t> packed;
  std::vector<float> red, green, blue;  // one output row

  void resize(std::int64_t height, std::int64_t width) {
    packed.resize(static_cast<std::size_t>(height * width));
    for (auto* row : {&red, &green, &blue}) row->resize(static_cast<std::size_t>(width));
  }
};

void pack(const std::uint8_t* __restrict bytes, std::int64_t pixels, std::int32_t* __restrict packed) {
  for (std::int64_t i = 0; i < pixels; ++i) {
    packed[i] = bytes[3 * i] | (bytes[3 * i + 1] << 8) | (bytes[3 * i + 2] << 16);
  }
}

/// An image of bytes, packed: one fetch brings a pixel's three channels.
struct PackedBytes {
  static constexpr float unit = 1.0F / 255.0F;
  const std::int32_t* packed;

  [[gnu::always_inline]] std::int32_t fetch(std::int32_t pixel) const { return packed[pixel]; }
  [[gnu::always_inline]] static float value(std::int32_t fetched, std::int32_t channel) {
    return static_cast<float>((fetched >> (8 * channel)) & 255);
  }
};

/// An image of floats as they lie, a pixel's channels side by side.
struct Floats {
  static constexpr float unit = 1.0F;
  const float* values;

  [[gnu::always_inline]] static std::int32_t fetch(std::int32_t pixel) { return 3 * pixel; }
  [[gnu::always_inline]] float value(std::int32_t fetched, std::int32_t channel) const {
    return values[fetched + channel];
  }
};

/// Always inlined, like everything it calls: a call left in the loop over pixels would keep it from being vectorised.
template <class Image>
[[gnu::always_inline]] inline shared::Colour<float> sample(const Image& image, std::int32_t height, std::int32_t width,
                                                           float x, float y) {
  const auto across = shared::neighbours(x, width);
  const auto down = shared::neighbours(y, height);
  const std::int32_t upper_left = image.fetch(down.first * width + across.first);
  const std::int32_t upper_right = image.fetch(down.first * width + across.second);
  const std::int32_t lower_left = image.fetch(down.second * width + across.first);
  const std::int32_t lower_right = image.fetch(down.second * width + across.second);
  const auto mixed = [&](std::int32_t channel) __attribute__((always_inline)) {
    const float upper = across.first_weight * image.value(upper_left, channel) +
                        across.second_weight * image.value(upper_right, channel);
    const float lower = across.first_weight * image.value(lower_left, channel) +
                        across.second_weight * image.value(lower_right, channel);
    return (down.first_weight * upper + down.second_weight * lower) * Image::unit;
  };
  return {mixed(0), mixed(1), mixed(2)};
}

template <class Image, class T>
void deform_image(const Image image, std::int32_t height, std::int32_t width, const float* parameters, Scratch& scratch,
                  T* __restrict dst) {
  const auto map = shared::pixel_map<float>(parameters, height, width);
  const float saturation = parameters[6];
  const float hue = parameters[7];
  const bool mirror = parameters[8] != 0.0F;
  const float first_column = mirror ? static_cast<float>(width - 1) : 0.0F;
  const float column_step = mirror ? -1.0F : 1.0F;
  float* __restrict red = scratch.red.data();
  float* __restrict green = scratch.green.data();
  float* __restrict blue = scratch.blue.data();
  for (std::int32_t row = 0; row < height; ++row) {
    const auto y_row = static_cast<float>(row);
    // Vectorised without being told to: omp simd would give each lane its own copy of the structs, in memory.
    for (std::int32_t i = 0; i < width; ++i) {
      const float column = first_column + column_step * static_cast<float>(i);
      const auto colour = shared::adjust_colour(
          sample(image, height, width, map.x(column, y_row), map.y(column, y_row)), saturation, hue);
      red[i] = colour.red;
      green[i] = colour.green;
      blue[i] = colour.blue;
    }
    for (std::int32_t i = 0; i < width; ++i, dst += 3) {
      store(red[i], dst[0]);
      store(green[i], dst[1]);
      store(blue[i], dst[2]);
    }
  }
}

}  // namespace

void draw_deformations(std::uint64_t seed, std::uint32_t epoch, std::uint32_t view, const Tensor& images,
                       const DeformRange& range, Tensor& parameters) {
  const std::int32_t* image = images.data<std::int32_t>();
  const std::int64_t width = parameters.extent(1);
  parallel_for(images.size(), 64, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t n = begin; n < end; ++n) {
      Random random(seed, Purpose::views, epoch, static_cast<std::uint32_t>(image[n]), view);
      const auto drawn = shared::draw_deformation(random, range);
      std::copy(drawn.begin(), drawn.end(), parameters.data<float>() + n * width);
    }
  });
}

void deform(const Tensor& pixels, const Tensor& rows, const Tensor& parameters, Tensor& dst) {
  const auto height = static_cast<std::int32_t>(pixels.extent(1));
  const auto width = static_cast<std::int32_t>(pixels.extent(2));
  const std::int64_t image_size = pixels.shape().row_size();
  with_type(dst, [&](auto zero) {
    using T = decltype(zero);
    parallel_for(rows.size(), 1, [&](std::int64_t begin, std::int64_t end) {
      thread_local Scratch scratch;
      scratch.resize(height, width);
      for (std::int64_t n = begin; n < end; ++n) {
        const std::int64_t image = rows.data<std::int32_t>()[n];
        const float* drawn = parameters.data<float>() + n * parameters.extent(1);
        T* to = dst.data<T>() + n * image_size;
        if (pixels.dtype() == DType::float32) {
          deform_image(Floats{pixels.data<float>() + image * image_size}, height, width, drawn, scratch, to);
        } else {
          pack(pixels.data<std::uint8_t>() + image * image_size, std::int64_t{height} * width, scratch.packed.data());
          deform_image(PackedBytes{scratch.packed.data()}, height, width, drawn, scratch, to);
        }
      }
    });
  });
}

}  // namespace biossl::cpu
