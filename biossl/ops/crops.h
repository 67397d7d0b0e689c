#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "biossl/core/patch_grid.h"
#include "biossl/core/tensor.h"

// The operations of the views `crops` and `patches`. A GPU has none of them: there each throws std::invalid_argument.

namespace biossl {

/// A rectangle of an image and what is done to its pixels, in the order of these fields.
struct Crop {
  enum class Colour : std::uint8_t { brightness, contrast, saturation, hue };

  std::int64_t top = 0, left = 0, height = 1, width = 1;  ///< pixels that are scaled to the size of the view
  bool mirror = false;                                    ///< left and right are exchanged
  bool jitter = false;  ///< whether the colours change; needs three channels, as `grey` does
  std::array<Colour, 4> order{Colour::brightness, Colour::contrast, Colour::saturation, Colour::hue};
  float brightness = 1;  ///< factor
  float contrast = 1;    ///< factor of the distance from the view's mean grey
  float saturation = 1;  ///< factor of the distance from the pixel's grey
  float hue = 0;         ///< turns
  bool grey = false;     ///< every channel is 0.299 red + 0.587 green + 0.114 blue
};

/// A square of an image that is cut into patches.
struct PatchCrop {
  std::int64_t top = 0, left = 0;
  bool mirror = false;
};

/// How squares are cut into patches.
struct PatchCut {
  std::int64_t crop = 64;   ///< side of the square, pixels
  std::int64_t patch = 16;  ///< side of a patch
  std::int64_t stride = 8;  ///< from a patch to the next
  float mean = 0.4120F;     ///< of the grey values in [0,1]; patches hold (x - mean) / deviation
  float deviation = 0.2570F;

  /// Pixels behind the last whole patch are in none.
  PatchGrid grid() const { return {(crop - patch) / stride + 1, (crop - patch) / stride + 1}; }
};

namespace ops {

/// dst[n] = the view crops[n] of pixels[rows[n]], from uint8 (M,H,W,C) to the compute type (N,H',W',C) in [0,1], in one
/// pass. Output pixel i of H' samples the crop bilinearly at (i + 1/2) height / H' - 1/2, the same along the width. No
/// pixel outside the crop counts, and none is averaged away: a crop of more than twice the output's side aliases.
///   brightness c' = b c; contrast c' = k c + (1 - k) mean(grey); saturation c' = s c + (1 - s) grey;
///   hue: RGB -> HSV, h + hue modulo one turn, back to RGB. Each result is clamped to [0,1].
/// These are torchvision's ColorJitter and RandomGrayscale.
void crop(const Tensor& pixels, const Tensor& rows, std::span<const Crop> crops, Tensor& dst);

/// Patches of pixels[rows[n]], from uint8 (M,H,W,C) with C = 3 or 1 to the compute type (N * grid, patch, patch, 1), in
/// one pass: the square crops[n], mirrored, grey, (x - mean) / deviation, patches row by row of the grid.
void cut_patches(const Tensor& pixels, const Tensor& rows, std::span<const PatchCrop> crops, const PatchCut& cut,
                 Tensor& dst);

}  // namespace ops
}  // namespace biossl
