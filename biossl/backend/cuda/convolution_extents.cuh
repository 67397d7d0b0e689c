#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>

#include "biossl/core/error.h"
#include "biossl/core/tensor.h"
#include "biossl/ops/types.h"

namespace biossl::cuda {

/// Extents of a convolution and the pixels that it connects; 32-bit, because a GPU divides those fast. A tap is a
/// position in the kernel, row by row.
struct ConvolutionExtents {
  std::int32_t height, width, channels;              // of src
  std::int32_t dst_height, dst_width, dst_channels;  // of dst
  std::int32_t kernel, stride, padding;

  ConvolutionExtents(const Tensor& src, const Tensor& dst, const Conv2d& conv)
      : height(static_cast<std::int32_t>(src.extent(1))),
        width(static_cast<std::int32_t>(src.extent(2))),
        channels(static_cast<std::int32_t>(src.extent(3))),
        dst_height(static_cast<std::int32_t>(dst.extent(1))),
        dst_width(static_cast<std::int32_t>(dst.extent(2))),
        dst_channels(static_cast<std::int32_t>(dst.extent(3))),
        kernel(static_cast<std::int32_t>(conv.kernel)),
        stride(static_cast<std::int32_t>(conv.stride)),
        padding(static_cast<std::int32_t>(conv.padding)) {
    // Kernels go past the last pixel by up to a tile before they stop.
    constexpr std::int64_t most = std::numeric_limits<std::int32_t>::max() - 4096;
    biossl::check(std::max(src.size() / channels, dst.size() / dst_channels) <= most, "conv2d",
                  "a GPU convolves at most {} pixels at a time; a smaller train.batch has fewer", most);
  }
  constexpr std::int32_t taps() const { return kernel * kernel; }

  /// The pixel of src that a tap connects with a pixel of dst; -1 outside.
  constexpr std::int32_t src_pixel(std::int32_t dst_pixel, std::int32_t tap) const {
    const std::int32_t within = dst_pixel % (dst_height * dst_width);
    const std::int32_t row = within / dst_width * stride + tap / kernel - padding;
    const std::int32_t column = within % dst_width * stride + tap % kernel - padding;
    if (row < 0 || row >= height || column < 0 || column >= width) return -1;
    return (dst_pixel / (dst_height * dst_width) * height + row) * width + column;
  }
  /// The pixel of dst that a tap connects with a pixel of src; -1 where there is none.
  constexpr std::int32_t dst_pixel(std::int32_t src_pixel, std::int32_t tap) const {
    const std::int32_t within = src_pixel % (height * width);
    const std::int32_t row = within / width + padding - tap / kernel;
    const std::int32_t column = within % width + padding - tap % kernel;
    if (row < 0 || row % stride != 0 || row / stride >= dst_height) return -1;
    if (column < 0 || column % stride != 0 || column / stride >= dst_width) return -1;
    return (src_pixel / (height * width) * dst_height + row / stride) * dst_width + column / stride;
  }
};

}  // namespace biossl::cuda
