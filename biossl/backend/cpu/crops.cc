#include "biossl/backend/shared/crops.h"

#include <algorithm>
#include <array>
#include <vector>

#include "biossl/backend/backend.h"
#include "biossl/backend/cpu/elements.h"
#include "biossl/core/parallel.h"

namespace biossl::cpu::BIOSSL_LEVEL {
namespace {

constexpr int together = 3;  // channels that are worked on at a time

/// One number for each pixel of a view, in planes of one channel, so that every loop but the last runs over
/// neighbouring numbers.
struct Planes {
  std::vector<float> values;
  std::int64_t pixels;

  explicit Planes(std::int64_t count) : values(static_cast<std::size_t>(together * count)), pixels(count) {}
  float* plane(int which) { return values.data() + which * pixels; }
  const float* plane(int which) const { return values.data() + which * pixels; }
};

/// Scales crops to one size. A row of the crop is scaled along the width once and kept for the rows of the view that
/// lie between it and its neighbours.
class Scaler {
 public:
  Scaler(std::int64_t height, std::int64_t width) : height_(height), width_(width) {
    for (auto* numbers : {&first_, &second_}) numbers->resize(static_cast<std::size_t>(width));
    second_weight_.resize(static_cast<std::size_t>(width));
    for (Planes& row : rows_) row = Planes(width);
  }

  /// image: (H, row_pixels, channels); channels `from` to `from + count` go to the planes.
  void operator()(const std::uint8_t* image, std::int64_t row_pixels, std::int64_t channels, std::int64_t from,
                  int count, const Crop& crop, Planes& to) {
    for (std::int64_t column = 0; column < width_; ++column) {
      const auto place = shared::between<float>(crop.mirror ? width_ - 1 - column : column, width_, crop.width);
      const auto i = static_cast<std::size_t>(column);
      first_[i] = place.first;
      second_[i] = place.second;
      second_weight_[i] = place.second_weight;
    }
    held_ = {-1, -1};
    words_.resize(static_cast<std::size_t>(crop.width));
    const auto bytes_of = [&](std::int32_t row) {
      return image + ((crop.top + row) * row_pixels + crop.left) * channels + from;
    };
    for (std::int64_t row = 0; row < height_; ++row) {
      const auto down = shared::between<float>(row, height_, crop.height);
      const Planes& upper = scaled(down.first, down.second, bytes_of(down.first), channels, count);
      const Planes& lower = scaled(down.second, down.first, bytes_of(down.second), channels, count);
      for (int which = 0; which < count; ++which) {
        mix(upper.plane(which), lower.plane(which), down.second_weight, to.plane(which) + row * width_);
      }
    }
  }

 private:
  /// Row `row` of the crop at the view's width; the buffer of row `kept` stays.
  const Planes& scaled(std::int32_t row, std::int32_t kept, const std::uint8_t* bytes, std::int64_t channels,
                       int count) {
    if (held_[0] == row) return rows_[0];
    if (held_[1] == row) return rows_[1];
    const std::size_t buffer = held_[0] == kept ? 1 : 0;
    held_[buffer] = row;
    pack(bytes, channels, count);
    gather(rows_[buffer]);
    return rows_[buffer];
  }

  /// The channels of a pixel lie in one word, so that one gather loads them all.
  void pack(const std::uint8_t* __restrict bytes, std::int64_t channels, int count) {
    std::int32_t* __restrict to = words_.data();
    const auto pixels = static_cast<std::int64_t>(words_.size());
    if (channels == together) {
      for (std::int64_t i = 0; i < pixels; ++i) {
        to[i] = bytes[3 * i] | (bytes[3 * i + 1] << 8) | (bytes[3 * i + 2] << 16);
      }
      return;
    }
    std::fill_n(to, pixels, 0);
    for (int which = 0; which < count; ++which) {
      for (std::int64_t i = 0; i < pixels; ++i) to[i] |= bytes[i * channels + which] << (8 * which);
    }
  }

  void gather(Planes& to) const {
    const std::int32_t* __restrict words = words_.data();
    const std::int32_t* __restrict first = first_.data();
    const std::int32_t* __restrict second = second_.data();
    const float* __restrict weight = second_weight_.data();
    float* __restrict red = to.plane(0);
    float* __restrict green = to.plane(1);
    float* __restrict blue = to.plane(2);
#pragma omp simd
    for (std::int64_t i = 0; i < width_; ++i) {
      const std::int32_t left = words[first[i]];
      const std::int32_t right = words[second[i]];
      const auto at = [&](int shift) __attribute__((always_inline)) {
        const auto one = static_cast<float>((left >> shift) & 255);
        const auto other = static_cast<float>((right >> shift) & 255);
        return one + weight[i] * (other - one);
      };
      red[i] = at(0);
      green[i] = at(8);
      blue[i] = at(16);
    }
  }

  void mix(const float* __restrict upper, const float* __restrict lower, float weight, float* __restrict to) const {
    constexpr float unit = 1.0F / 255.0F;
#pragma omp simd
    for (std::int64_t i = 0; i < width_; ++i) to[i] = (upper[i] + weight * (lower[i] - upper[i])) * unit;
  }

  std::int64_t height_, width_;
  std::vector<std::int32_t> first_, second_;
  std::vector<float> second_weight_;
  std::vector<std::int32_t> words_;
  std::array<Planes, 2> rows_{Planes(0), Planes(0)};
  std::array<std::int32_t, 2> held_{-1, -1};  // the rows of the crop in rows_
};

/// Calls change(red, green, blue) for every pixel of a view; it may change them.
template <class Change>
[[gnu::always_inline]] inline void each_colour(Planes& view, const Change& change) {
  float* __restrict red = view.plane(0);
  float* __restrict green = view.plane(1);
  float* __restrict blue = view.plane(2);
#pragma omp simd
  for (std::int64_t i = 0; i < view.pixels; ++i) {
    const shared::Colour<float> to = change(shared::Colour<float>{red[i], green[i], blue[i]});
    red[i] = to.red;
    green[i] = to.green;
    blue[i] = to.blue;
  }
}

float mean_grey(const Planes& view) {
  const float* __restrict red = view.plane(0);
  const float* __restrict green = view.plane(1);
  const float* __restrict blue = view.plane(2);
  constexpr std::int64_t piece = 4096;  // few enough for a float32 sum
  double sum = 0;
  for (std::int64_t begin = 0; begin < view.pixels; begin += piece) {
    const std::int64_t end = std::min(begin + piece, view.pixels);
    float part = 0;
#pragma omp simd reduction(+ : part)
    for (std::int64_t i = begin; i < end; ++i) part += shared::grey_of(red[i], green[i], blue[i]);
    sum += static_cast<double>(part);
  }
  return static_cast<float>(sum / static_cast<double>(view.pixels));
}

/// Every number towards `other` or away from it.
void mix_all(float share, float other, Planes& view) {
  float* __restrict values = view.values.data();
  const auto count = static_cast<std::int64_t>(view.values.size());
#pragma omp simd
  for (std::int64_t i = 0; i < count; ++i) values[i] = shared::mixed(share, values[i], other);
}

void change_colours(Crop::Colour which, const Crop& crop, Planes& view) {
  using Pixel = shared::Colour<float>;
  switch (which) {
    case Crop::Colour::brightness:
      return mix_all(crop.brightness, 0.0F, view);
    case Crop::Colour::contrast:
      return mix_all(crop.contrast, mean_grey(view), view);
    case Crop::Colour::saturation:
      return each_colour(
          view, [share = crop.saturation](const Pixel& c) __attribute__((always_inline)) {
            const float grey = shared::grey_of(c.red, c.green, c.blue);
            return Pixel{shared::mixed(share, c.red, grey), shared::mixed(share, c.green, grey),
                         shared::mixed(share, c.blue, grey)};
          });
    case Crop::Colour::hue:
      return each_colour(
          view, [turns = crop.hue](const Pixel& c)
                    __attribute__((always_inline)) { return shared::adjust_colour(c, 1.0F, turns); });
  }
}

void turn_grey(Planes& view) {
  each_colour(
      view, [](const shared::Colour<float>& c) __attribute__((always_inline)) {
        const float grey = shared::grey_of(c.red, c.green, c.blue);
        return shared::Colour<float>{grey, grey, grey};
      });
}

template <class T>
void interleave(const Planes& view, int count, std::int64_t channels, T* __restrict to) {
  if (channels == together) {
    const float* __restrict red = view.plane(0);
    const float* __restrict green = view.plane(1);
    const float* __restrict blue = view.plane(2);
    for (std::int64_t i = 0; i < view.pixels; ++i) {
      store(red[i], to[3 * i]);
      store(green[i], to[3 * i + 1]);
      store(blue[i], to[3 * i + 2]);
    }
    return;
  }
  for (int which = 0; which < count; ++which) {
    const float* __restrict plane = view.plane(which);
    for (std::int64_t i = 0; i < view.pixels; ++i) store(plane[i], to[i * channels + which]);
  }
}

template <class T>
void crop_images(const Tensor& pixels, const Tensor& rows, std::span<const Crop> crops, Tensor& dst) {
  const std::int64_t channels = pixels.extent(3);
  const std::int64_t bytes = pixels.shape().row_size();
  const std::int64_t size = dst.shape().row_size();
  parallel_for(rows.size(), 1, [&](std::int64_t begin, std::int64_t end) {
    Scaler scale(dst.extent(1), dst.extent(2));
    Planes view(dst.extent(1) * dst.extent(2));
    for (std::int64_t n = begin; n < end; ++n) {
      const Crop& crop = crops[static_cast<std::size_t>(n)];
      const std::uint8_t* image = pixels.data<std::uint8_t>() + rows.data<std::int32_t>()[n] * bytes;
      for (std::int64_t from = 0; from < channels; from += together) {
        const int count = static_cast<int>(std::min<std::int64_t>(channels - from, together));
        scale(image, pixels.extent(2), channels, from, count, crop, view);
        if (crop.jitter) {
          for (const Crop::Colour which : crop.order) change_colours(which, crop, view);
        }
        if (crop.grey) turn_grey(view);
        interleave(view, count, channels, dst.data<T>() + n * size + from);
      }
    }
  });
}

}  // namespace

void crop(const Tensor& pixels, const Tensor& rows, std::span<const Crop> crops, Tensor& dst) {
  with_type(dst, [&](auto zero) { crop_images<decltype(zero)>(pixels, rows, crops, dst); });
}

}  // namespace biossl::cpu::BIOSSL_LEVEL
