#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "biossl/core/error.h"
#include "biossl/core/progress.h"
#include "biossl/core/random.h"
#include "biossl/core/registry.h"
#include "biossl/core/tensor.h"
#include "biossl/core/trait_function.h"

namespace biossl {

enum class Split { train, test };
std::string_view name_of(Split split);

struct DatasetRequest {
  Split split = Split::train;
  std::filesystem::path directory;  ///< folder of its files; "" for a data set without files
  std::int64_t images = 0;          ///< maximum number of images, the first ones; 0: all
  std::int64_t image_size = 32;     ///< side of the images, for data sets that render them
  std::uint64_t seed = 1;           ///< for data sets that render their images
  std::int64_t resize = 0;          ///< side that images from files are brought to (data/resize.h); 0: as they are
  double crop = 1;                  ///< side of the middle square that is scaled, as a share of the shorter side
  std::int64_t memory = 0;          ///< bytes of images from files that may be in memory; 0: half of what is free
  Progress progress = {};           ///< of work that may take long when a data set is opened for the first time
};

/// Continuous quantities that images were made from.
struct Targets {
  std::vector<std::string> names = {};  ///< one a column
  std::vector<float> values = {};       ///< a row of names.size() numbers for each image
};

/// A data set has no images for this split, and so cannot be tested on.
class MissingSplit : public BadInput {
 public:
  using BadInput::BadInput;
};

/// Images of one size, uint8, (H, W, C), with or without labels. They are in host memory, or in files that may be
/// larger than it. Thread-safe for reading.
class Dataset {
 public:
  static constexpr const char* kind = "data set";
  /// What is known before the data set is opened.
  struct Traits {
    std::int64_t side = 0;  ///< side of its images if it is fixed, otherwise 0
    /// The shape of its images, (H, W, C), where its own settings give it. Throws std::invalid_argument for impossible
    /// settings.
    TraitFunction<Shape(const Settings&)> shape = nullptr;
    /// Whether its images come from files; DatasetRequest::resize is for such data sets.
    bool from_files = false;
    std::int64_t channels = 3;  ///< 0: as many as the images in its files have

    /// Whether DatasetRequest::image_size says nothing about it.
    bool has_own_size() const { return side > 0 || shape != nullptr || from_files; }
  };

  virtual ~Dataset() = default;

  /// Number of images.
  std::int64_t size() const { return size_; }
  /// (H, W, C)
  const Shape& image_shape() const { return image_shape_; }
  /// One label per image, 0 .. classes-1; empty for a data set without labels.
  const std::vector<std::int32_t>& labels() const { return labels_; }
  bool is_labelled() const { return !labels_.empty(); }
  /// Empty for a data set without labels.
  const std::vector<std::string>& class_names() const { return class_names_; }
  /// The clip of each image if the images are frames: the frames of one clip are neighbours, in the order of time.
  /// Empty for still images.
  const std::vector<std::int32_t>& clips() const { return clips_; }
  bool has_clips() const { return !clips_.empty(); }
  /// What a user should know of how it was read, a line each: pictures that were skipped.
  const std::vector<std::string>& notes() const { return notes_; }

  /// Whether pixels() can be had. A data set in files that says false has a `fetch` of its own.
  virtual bool is_resident() const { return true; }
  /// All images, (size, H, W, C) uint8 in host memory. A data set that renders its images does so on the first call.
  /// Throws std::invalid_argument if is_resident() is false.
  virtual const Tensor& pixels() const;
  /// Copies images rows[0], rows[1], … one after another to `to`, (rows, H, W, C) uint8. Throws std::invalid_argument
  /// for a row that is no image, BadInput if a file can no longer be read. Allocates nothing after the first calls of a
  /// thread.
  virtual void fetch(std::span<const std::int32_t> rows, std::uint8_t* to) const;
  /// What a regression probe may read off; without names where the data set offers none. Angles are given as sine and
  /// cosine.
  virtual Targets targets() const { return {}; }
  /// The data set to ask for what only some know of their images (data/capability.h), and the number of an image in
  /// it: for a selection of images the data set that they come from, otherwise this one.
  virtual const Dataset& origin() const { return *this; }
  virtual std::int64_t row_in_origin(std::int64_t image) const { return image; }

 protected:
  /// Throws std::invalid_argument for a row that is no image.
  void check_rows(std::span<const std::int32_t> rows) const;

  std::int64_t size_ = 0;
  Shape image_shape_{0, 0, 0};
  std::vector<std::int32_t> labels_;
  std::vector<std::string> class_names_;
  std::vector<std::int32_t> clips_;
  std::vector<std::string> notes_;
};

using DatasetRegistry = Registry<Dataset, const DatasetRequest&>;

/// Throws std::invalid_argument for an unknown name or setting, BadInput for missing or damaged files.
std::unique_ptr<Dataset> open_dataset(std::string_view name, const DatasetRequest& request,
                                      const Settings& settings = {});
/// (H, W, C) of a data set's images before it is opened. resize: DatasetRequest::resize. Where the data set does not
/// say, images of side image_size with 3 channels.
Shape image_shape(std::string_view name, const Settings& settings, std::int64_t image_size, std::int64_t resize = 0);

}  // namespace biossl
