#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "biossl/core/tensor.h"
#include "biossl/data/dataset.h"
#include "biossl/data/resize.h"

namespace biossl {

/// Images of one size that lie in files, each to be read on its own.
class ImageRecords {
 public:
  /// shape: (H, W, C).
  ImageRecords(std::int64_t size, const Shape& shape) : size_(size), shape_(shape) {}
  ImageRecords(const ImageRecords&) = delete;
  ImageRecords& operator=(const ImageRecords&) = delete;
  virtual ~ImageRecords() = default;

  std::int64_t size() const { return size_; }
  const Shape& shape() const { return shape_; }
  /// Writes an image, (H, W, C) uint8. Thread-safe. Throws BadInput naming file and place.
  virtual void read(std::int64_t image, std::uint8_t* to) const = 0;

 private:
  std::int64_t size_;
  Shape shape_;
};

/// A data set of files. It is read into memory when it is opened if it fits into what the request allows; otherwise
/// every fetch reads its images from the files. Both give the same bytes. DatasetRequest::resize scales each image.
class FileDataset : public Dataset {
 public:
  bool is_resident() const override { return !pixels_.empty(); }
  const Tensor& pixels() const override;
  void fetch(std::span<const std::int32_t> rows, std::uint8_t* to) const override;

 protected:
  /// Takes the first images of the records, as many as the request asks for, and their labels if there are any.
  /// Throws BadInput unless there is at least one image, and a label for every one.
  void open(std::unique_ptr<const ImageRecords> records, std::vector<std::int32_t> labels,
            std::vector<std::string> class_names, const DatasetRequest& request);
  /// After `open`: the clips of the records (Dataset::clips), one for each of them or none.
  void take_clips(std::vector<std::int32_t> clips);

 private:
  void read(std::int64_t image, std::uint8_t* to) const;
  void load();

  std::unique_ptr<const ImageRecords> records_;  // null once they are in memory
  std::optional<Resizer> resizer_;
  Tensor pixels_;  // empty unless they are in memory
};

/// A path of a data set's settings: "" is the data folder itself, a relative one lies in it. Throws BadInput if there
/// is neither path nor folder; `name` is the data set's.
std::filesystem::path path_of_data(const std::string& name, const std::string& path, const DatasetRequest& request);

/// Labels as numbers from 0 on. Throws BadInput, naming `source` and the image, for a label below 0 or so large that
/// it is none.
std::vector<std::int32_t> checked_labels(const std::vector<std::int64_t>& labels, const std::string& source);
/// "0", "1", … for so many classes, or up to the largest label.
std::vector<std::string> numbered_classes(std::int64_t classes);
std::vector<std::string> numbered_classes(const std::vector<std::int32_t>& labels);
/// The names in a file, one a line, without the blanks around them; empty lines do not count. Control characters become
/// ?, because names are shown on terminals. Throws BadInput if the file cannot be read.
std::vector<std::string> read_class_names(const std::filesystem::path& path);
/// The same for labels. Throws BadInput also if there are fewer names than the labels need.
std::vector<std::string> read_class_names(const std::filesystem::path& path, const std::vector<std::int32_t>& labels);

}  // namespace biossl
