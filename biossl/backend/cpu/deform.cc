#include "biossl/backend/shared/deform.h"

#include <vector>

#include "biossl/backend/backend.h"
#include "biossl/backend/cpu/elements.h"
#include "biossl/core/parallel.h"

namespace biossl::cpu::BIOSSL_LEVEL {
namespace {

/// An image of bytes with the three channels of a pixel in one word, so that one gather loads all channels.
struct PackedBytes {
  using Element = std::uint8_t;
  static constexpr float unit = 1.0F / 255.0F;

  std::vector<std::int32_t> words;

  void load(const std::uint8_t* __restrict bytes, std::int64_t pixels) {
    words.resize(static_cast<std::size_t>(pixels));
    std::int32_t* __restrict to = words.data();
    for (std::int64_t i = 0; i < pixels; ++i) to[i] = bytes[3 * i] | (bytes[3 * i + 1] << 8) | (bytes[3 * i + 2] << 16);
  }

  struct Reader {
    const std::int32_t* __restrict words;
    std::int32_t pixel(std::int32_t index) const { return words[index]; }
    float channel(std::int32_t pixel, int which) const { return static_cast<float>((pixel >> (8 * which)) & 255); }
  };
  Reader reader() const { return {words.data()}; }
};

/// An image of floats in [0, 1], in its own layout.
struct Floats {
  using Element = float;
  static constexpr float unit = 1.0F;

  const float* first = nullptr;

  void load(const float* pixels, std::int64_t /*pixels*/) { first = pixels; }

  struct Reader {
    const float* __restrict first;
    std::int32_t pixel(std::int32_t index) const { return 3 * index; }
    float channel(std::int32_t pixel, int which) const { return first[pixel + which]; }
  };
  Reader reader() const { return {first}; }
};

/// Inlined, like everything it calls: a call would prevent vectorisation of the loop over pixels.
template <class Reader>
[[gnu::always_inline]] inline shared::Colour<float> sample(const Reader& image, std::int32_t height, std::int32_t width,
                                                           float x, float y, float unit) {
  const auto across = shared::neighbours(x, width);
  const auto down = shared::neighbours(y, height);
  const std::int32_t upper_left = image.pixel(down.first * width + across.first);
  const std::int32_t upper_right = image.pixel(down.first * width + across.second);
  const std::int32_t lower_left = image.pixel(down.second * width + across.first);
  const std::int32_t lower_right = image.pixel(down.second * width + across.second);
  const auto mixed = [&](int which) __attribute__((always_inline)) {
    const float upper = across.first_weight * image.channel(upper_left, which) +
                        across.second_weight * image.channel(upper_right, which);
    const float lower = across.first_weight * image.channel(lower_left, which) +
                        across.second_weight * image.channel(lower_right, which);
    return (down.first_weight * upper + down.second_weight * lower) * unit;
  };
  return {mixed(0), mixed(1), mixed(2)};
}

/// The image being read, and one output row, planar, so that every loop but the last runs over 16 pixels at a time.
template <class Image>
struct Scratch {
  Image image;
  std::vector<float> red, green, blue;

  explicit Scratch(std::int64_t width)
      : red(static_cast<std::size_t>(width)),
        green(static_cast<std::size_t>(width)),
        blue(static_cast<std::size_t>(width)) {}
};

template <class Image, class T>
void deform_image(std::int32_t height, std::int32_t width, const float* parameters, Scratch<Image>& scratch,
                  T* __restrict dst) {
  const auto map = shared::pixel_map<float>(parameters, height, width);
  const float saturation = parameters[6];
  const float hue = parameters[7];
  const bool mirror = parameters[8] != 0.0F;
  const float first_column = mirror ? static_cast<float>(width - 1) : 0.0F;
  const float column_step = mirror ? -1.0F : 1.0F;
  const auto image = scratch.image.reader();
  float* __restrict red = scratch.red.data();
  float* __restrict green = scratch.green.data();
  float* __restrict blue = scratch.blue.data();
  for (std::int32_t row = 0; row < height; ++row) {
    const auto y_row = static_cast<float>(row);
    // No omp simd: it would copy the structs to memory for each lane. The compiler vectorises this loop by itself.
    for (std::int32_t i = 0; i < width; ++i) {
      const float column = first_column + column_step * static_cast<float>(i);
      const auto colour = shared::adjust_colour(
          sample(image, height, width, map.x(column, y_row), map.y(column, y_row), Image::unit), saturation, hue);
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

template <class Image, class T>
void deform_images(const Tensor& pixels, const Tensor& rows, const Tensor& parameters, Tensor& dst) {
  const std::int64_t height = pixels.extent(1);
  const std::int64_t width = pixels.extent(2);
  const std::int64_t size = pixels.shape().row_size();
  const std::int64_t drawn = parameters.extent(1);
  parallel_for(rows.size(), 1, [&](std::int64_t begin, std::int64_t end) {
    Scratch<Image> scratch(width);
    for (std::int64_t n = begin; n < end; ++n) {
      const std::int64_t image = rows.data<std::int32_t>()[n];
      scratch.image.load(pixels.data<typename Image::Element>() + image * size, height * width);
      deform_image(static_cast<std::int32_t>(height), static_cast<std::int32_t>(width),
                   parameters.data<float>() + n * drawn, scratch, dst.data<T>() + n * size);
    }
  });
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
  with_type(dst, [&](auto zero) {
    using T = decltype(zero);
    if (pixels.dtype() == DType::uint8) return deform_images<PackedBytes, T>(pixels, rows, parameters, dst);
    deform_images<Floats, T>(pixels, rows, parameters, dst);
  });
}

}  // namespace biossl::cpu::BIOSSL_LEVEL
