#include "biossl/data/file_dataset.h"

#include <algorithm>
#include <limits>
#include <sstream>
#include <string_view>
#include <utility>

#include "biossl/core/file.h"
#include "biossl/core/memory_limits.h"
#include "biossl/core/one_line.h"
#include "biossl/core/parallel.h"
#include "biossl/core/wording.h"

namespace biossl {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t images_at_a_time = 16;  // of a thread, at least
constexpr std::int64_t most_classes = 65536;
constexpr std::int64_t most_bytes_of_names = std::int64_t{64} << 20;
constexpr std::int64_t most_images = std::numeric_limits<std::int32_t>::max();

/// Bytes of images that may be in memory: as asked for, or half of what is free.
std::int64_t memory_for(const DatasetRequest& request) {
  if (request.memory > 0) return request.memory;
  const auto left = host_memory_left();
  return left ? left->bytes / 2 : std::numeric_limits<std::int64_t>::max();
}

/// How many classes the labels need.
std::int64_t classes_of(const std::vector<std::int32_t>& labels) {
  return labels.empty() ? 0 : std::int64_t{std::ranges::max(labels)} + 1;
}

}  // namespace

void FileDataset::open(std::unique_ptr<const ImageRecords> records, std::vector<std::int32_t> labels,
                       std::vector<std::string> class_names, const DatasetRequest& request) {
  check(request.images >= 0, "data", "images = {}; give 0 for all or a positive number", request.images);
  if (records->size() == 0) bad_input("{}: holds no images", request.directory.string());
  if (records->size() > most_images) bad_input("{} images are too many; at most {} work", records->size(), most_images);
  records_ = std::move(records);
  size_ = request.images == 0 ? records_->size() : std::min(records_->size(), request.images);
  image_shape_ = records_->shape();
  if (request.resize > 0) image_shape_ = resizer_.emplace(image_shape_, request.resize, request.crop).result();
  labels_ = std::move(labels);
  if (!labels_.empty()) labels_.resize(static_cast<std::size_t>(size_));
  class_names_ = std::move(class_names);
  if (image_shape_.size() <= memory_for(request) / size_) load();
}

void FileDataset::take_clips(std::vector<std::int32_t> clips) {
  clips_ = std::move(clips);
  if (!clips_.empty()) clips_.resize(static_cast<std::size_t>(size_));
}

void FileDataset::load() {
  require_host_memory(size_ * image_shape_.size());
  pixels_ = Tensor(batch_of(size_, image_shape_), DType::uint8, Device::cpu);
  auto* to = pixels_.data<std::uint8_t>();
  parallel_for(size_, images_at_a_time, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) read(i, to + i * image_shape_.size());
  });
  records_.reset();
}

const Tensor& FileDataset::pixels() const { return is_resident() ? pixels_ : Dataset::pixels(); }

void FileDataset::fetch(std::span<const std::int32_t> rows, std::uint8_t* to) const {
  if (is_resident()) return Dataset::fetch(rows, to);
  check_rows(rows);
  for (const std::int32_t row : rows) {
    read(row, to);
    to += image_shape_.size();
  }
}

void FileDataset::read(std::int64_t image, std::uint8_t* to) const {
  if (!resizer_) return records_->read(image, to);
  thread_local std::vector<std::uint8_t> whole;
  whole.resize(static_cast<std::size_t>(records_->shape().size()));
  records_->read(image, whole.data());
  (*resizer_)(whole.data(), to);
}

fs::path path_of_data(const std::string& name, const std::string& path, const DatasetRequest& request) {
  if (path.empty() && request.directory.empty()) {
    bad_input("{} is read from files; name them with data.{}.path, or their folder with {}", name, name,
              wording::option("data", "DIR"));
  }
  if (path.empty()) return request.directory;
  return request.directory / path;  // an absolute path stays as it is
}

std::vector<std::int32_t> checked_labels(const std::vector<std::int64_t>& labels, const std::string& source) {
  std::vector<std::int32_t> checked;
  checked.reserve(labels.size());
  for (const std::int64_t label : labels) {
    if (label < 0 || label >= most_classes) {
      bad_input("{}: image {} has the label {}; labels are numbers from 0 to {}", source, checked.size(), label,
                most_classes - 1);
    }
    checked.push_back(static_cast<std::int32_t>(label));
  }
  return checked;
}

std::vector<std::string> numbered_classes(std::int64_t classes) {
  std::vector<std::string> names;
  for (std::int64_t label = 0; label < classes; ++label) names.push_back(std::to_string(label));
  return names;
}

std::vector<std::string> numbered_classes(const std::vector<std::int32_t>& labels) {
  return numbered_classes(classes_of(labels));
}

std::vector<std::string> read_class_names(const fs::path& path) {
  constexpr std::string_view blanks = " \t\r";  // files of Windows end their lines by "\r\n"
  std::vector<std::string> names;
  std::istringstream text(read_regular_file(path, most_bytes_of_names));
  for (std::string line; std::getline(text, line);) {
    const std::size_t first = line.find_first_not_of(blanks);
    if (first == std::string::npos) continue;
    names.push_back(one_line(std::string_view(line).substr(first, line.find_last_not_of(blanks) + 1 - first)));
  }
  return names;
}

std::vector<std::string> read_class_names(const fs::path& path, const std::vector<std::int32_t>& labels) {
  std::vector<std::string> names = read_class_names(path);
  const std::int64_t needed = classes_of(labels);
  if (needed <= std::ssize(names)) return names;
  bad_input("{}: has {} names, and the label {} needs {}", path.string(), names.size(), needed - 1, needed);
}

}  // namespace biossl
