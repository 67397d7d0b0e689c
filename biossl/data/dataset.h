#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "biossl/core/random.h"
#include "biossl/core/registry.h"
#include "biossl/core/tensor.h"

namespace biossl {

/// Which part of a data set.
enum class Split { train, test };
std::string_view name_of(Split split);

/// What a data set is asked for.
struct DatasetRequest {
  Split split = Split::train;
  std::filesystem::path directory;  ///< where its files are; "" for a data set that needs none
  std::int64_t images = 0;          ///< at most this many, the first ones; 0: all
  std::int64_t image_size = 32;     ///< side of the images, for data sets that make their own
  std::uint64_t seed = 1;           ///< for data sets that make their own images
};

/// Images with labels, all of one size. uint8, (H, W, C). Thread-safe for reading.
class Dataset {
 public:
  static constexpr const char* kind = "data set";
  /// What there is to know of a data set before it is opened.
  struct Traits {
    std::int64_t side = 0;  ///< of its images, where that is always the same; 0: as asked for, or known once it is open
  };

  virtual ~Dataset() = default;

  std::int64_t size() const { return static_cast<std::int64_t>(labels_.size()); }
  /// (H, W, C)
  const Shape& image_shape() const { return image_shape_; }
  /// One label an image, 0 .. classes-1.
  const std::vector<std::int32_t>& labels() const { return labels_; }
  const std::vector<std::string>& class_names() const { return class_names_; }

  /// All images, (size, H, W, C) uint8 in host memory. Made on the first call where the data set renders its images.
  virtual const Tensor& pixels() const = 0;
  /// True where the data set can show an image's object at another moment (see Views "moments").
  virtual bool has_moments() const { return false; }
  /// Writes one moment of an image, (H, W, C) uint8: the same object after motion and under other light, as `random`
  /// has it. Throws std::invalid_argument where has_moments() is false.
  virtual void render_moment(std::int64_t image, Random random, std::uint8_t* to) const;

 protected:
  Shape image_shape_{0, 0, 0};
  std::vector<std::int32_t> labels_;
  std::vector<std::string> class_names_;
};

using DatasetRegistry = Registry<Dataset, const DatasetRequest&>;

/// Throws std::invalid_argument for an unknown name, BadInput for missing or damaged files.
std::unique_ptr<Dataset> open_dataset(std::string_view name, const DatasetRequest& request);

}  // namespace biossl
