#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "biossl/data/dataset.h"

namespace biossl {

/// What CroppedImages cut out of an image: height x width pixels, which are not scaled.
struct CropSize {
  std::int64_t height = 0, width = 0;
  std::int64_t padding = 0;  ///< zeros on each side of an image, among which a random place may lie
};

/// The images of another data set, with their labels and targets, cut to one size: to their middle, or at random
/// places. They are read image by image and are never in memory as a whole.
class CroppedImages final : public Dataset {
 public:
  /// Begins with the middle. Throws std::invalid_argument for an impossible size, or one that exceeds the images.
  CroppedImages(std::unique_ptr<Dataset> images, const CropSize& crop);

  /// From now on each image shows its middle. Call neither this nor `draw` while others read.
  void show_middle() { random_.reset(); }
  /// From now on each image is cut at a place that is uniform among all places in the padded image, and mirrored left
  /// to right with probability 1/2. Both depend on (seed, epoch, image) only.
  void draw(std::uint64_t seed, std::uint32_t epoch) { random_ = Draw{.seed = seed, .epoch = epoch}; }

  bool is_resident() const override { return false; }
  void fetch(std::span<const std::int32_t> rows, std::uint8_t* to) const override;
  Targets targets() const override { return images_->targets(); }

 private:
  struct Draw {
    std::uint64_t seed;
    std::uint32_t epoch;
  };
  struct Place {
    std::int64_t top, left;  ///< of the first pixel, from that of the image without its padding
    bool mirror;
  };

  Place place_of(std::int32_t row) const;
  void cut(const std::uint8_t* image, const Place& place, std::uint8_t* to) const;

  std::unique_ptr<Dataset> images_;
  CropSize crop_;
  std::optional<Draw> random_;  // empty: the middle
};

}  // namespace biossl
