#pragma once

#include <cstdint>

#include "biossl/core/random.h"
#include "biossl/ops/crops.h"

namespace biossl {

/// What random crops are drawn from (SimCLR; Chen, Kornblith, Norouzi & Hinton 2020).
struct CropRange {
  double min_area = 0.08, max_area = 1;            ///< of the crop, as a share of the image
  double min_aspect = 0.75, max_aspect = 4.0 / 3;  ///< width over height; its logarithm is uniform
  double mirror = 0.5;                             ///< probability
  double jitter = 0.8;                             ///< probability of new colours
  double brightness = 0.8;                         ///< the factor is uniform in [max(0, 1 - it), 1 + it]
  double contrast = 0.8;                           ///< likewise
  double saturation = 0.8;                         ///< likewise
  double hue = 0.2;                                ///< the shift is uniform in +-it, turns
  double grey = 0.2;                               ///< probability
};

/// Uniform in 0 .. most.
std::int64_t draw_place(Random& random, std::int64_t most);

/// Draws a crop of images of height x width pixels. An area and an aspect that do not fit into the image are drawn
/// again, ten times in all. After that the crop is the middle of the image, as large as the range of aspects admits,
/// as in torchvision's RandomResizedCrop.
Crop draw_crop(Random random, const CropRange& range, std::int64_t height, std::int64_t width);
/// The middle of an image with the given aspect, as large as it can be.
Crop middle_crop(std::int64_t height, std::int64_t width, double aspect);

/// Draws a square of `side` pixels, uniformly among all places.
PatchCrop draw_patch_crop(Random random, std::int64_t side, double mirror, std::int64_t height, std::int64_t width);

}  // namespace biossl
