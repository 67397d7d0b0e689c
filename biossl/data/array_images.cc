#include "biossl/data/array_images.h"

#include <algorithm>
#include <cstring>
#include <unordered_set>
#include <utility>

#include "biossl/core/file.h"
#include "biossl/io/npy_array.h"

namespace biossl {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t most_channels = 16;
constexpr std::int64_t longest_side = 1 << 15;

/// (H, W, C) of images (N, H, W, C) or (N, H, W).
Shape shape_of_images(const NpyArray& array) {
  const auto& extents = array.extents();
  if (extents.size() != 3 && extents.size() != 4) {
    bad_input("{}: has the shape {}; images are (N, H, W, C) or (N, H, W)", array.name(), array.shape_text());
  }
  const std::int64_t channels = extents.size() == 4 ? extents[3] : 1;
  if (channels < 1 || channels > most_channels) {
    bad_input("{}: has the shape {}, so {} channels; 1 to {} work, and they come last: (N, H, W, C)", array.name(),
              array.shape_text(), channels, most_channels);
  }
  if (std::min(extents[1], extents[2]) < 1 || std::max(extents[1], extents[2]) > longest_side) {
    bad_input("{}: has the shape {}; sides of 1 to {} work", array.name(), array.shape_text(), longest_side);
  }
  return {extents[1], extents[2], channels};
}

/// N of images (N, H, W, C) or (N, H, W).
std::int64_t number_of_images(const NpyArray& array) {
  shape_of_images(array);  // refuses other arrays, such as a single number
  return array.extents()[0];
}

class ArrayRecords final : public ImageRecords {
 public:
  explicit ArrayRecords(NpyArray array)
      : ImageRecords(number_of_images(array), shape_of_images(array)), array_(std::move(array)) {
    const bool is_bytes = array_.kind() == NpyArray::Kind::unsigned_integer && array_.width() == 1;
    if (is_bytes || array_.kind() == NpyArray::Kind::real) return;
    bad_input("{}: holds integers of {} bytes; images are uint8 from 0 to 255 or float from 0 to 1", array_.name(),
              array_.width());
  }

  void read(std::int64_t image, std::uint8_t* to) const override {
    const std::int64_t size = shape().size();
    if (array_.kind() != NpyArray::Kind::real) {
      array_.read(image * size, std::as_writable_bytes(std::span(to, static_cast<std::size_t>(size))));
      return;
    }
    thread_local std::vector<std::byte> bytes;
    bytes.resize(static_cast<std::size_t>(size * array_.width()));
    array_.read(image * size, bytes);
    array_.width() == 4 ? convert<float>(bytes, image, to) : convert<double>(bytes, image, to);
  }

 private:
  template <class Real>
  void convert(std::span<const std::byte> bytes, std::int64_t image, std::uint8_t* to) const {
    for (std::int64_t i = 0; i < shape().size(); ++i) {
      Real value = 0;
      std::memcpy(&value, bytes.data() + static_cast<std::size_t>(i) * sizeof(Real), sizeof(Real));
      if (!(value >= 0 && value <= 1)) {
        bad_input("{}: image {} has a value of {}; real numbers must lie from 0 to 1 (divide by 255?)", array_.name(),
                  image, value);
      }
      to[i] = static_cast<std::uint8_t>(value * 255 + Real(0.5));
    }
  }

  NpyArray array_;
};

/// An integer for each of the images, (N) or (N, 1). `what` they are: "labels".
std::vector<std::int64_t> read_integers(const char* what, const ByteSource& images, std::int64_t size,
                                        const std::shared_ptr<const ByteSource>& source) {
  const NpyArray array(source);
  const auto& extents = array.extents();
  const bool is_column = extents.size() == 2 && extents[1] == 1;
  if (extents.size() != 1 && !is_column) {
    bad_input("{}: has the shape {}; {} are (N)", array.name(), array.shape_text(), what);
  }
  if (extents[0] != size) {
    bad_input("{}: has {} {} for the {} images of {}", array.name(), extents[0], what, size, images.name());
  }
  return array.integers();
}

/// Clips as numbers 0, 1, … in the order of the images.
std::vector<std::int32_t> numbered_clips(const std::vector<std::int64_t>& clips, const std::string& source) {
  std::vector<std::int32_t> numbers;
  numbers.reserve(clips.size());
  std::unordered_set<std::int64_t> seen;
  for (std::size_t image = 0; image < clips.size(); ++image) {
    const bool goes_on = image > 0 && clips[image] == clips[image - 1];
    if (!goes_on && !seen.insert(clips[image]).second) {
      bad_input("{}: clip {} comes back at image {}; the frames of a clip lie one after another", source, clips[image],
                image);
    }
    numbers.push_back(static_cast<std::int32_t>(seen.size()) - 1);
  }
  return numbers;
}

}  // namespace

ArrayImages read_array_images(const ArrayFiles& files) {
  auto records = std::make_unique<ArrayRecords>(NpyArray(files.images));
  if (records->size() == 0) bad_input("{}: holds no images", files.images->name());
  ArrayImages images;
  if (files.labels != nullptr) {
    images.labels =
        checked_labels(read_integers("labels", *files.images, records->size(), files.labels), files.labels->name());
  }
  if (files.clips != nullptr) {
    images.clips =
        numbered_clips(read_integers("clips", *files.images, records->size(), files.clips), files.clips->name());
  }
  images.records = std::move(records);
  if (images.labels.empty()) return images;
  images.class_names =
      is_there(files.names) ? read_class_names(files.names, images.labels) : numbered_classes(images.labels);
  return images;
}

ArrayFiles find_packed(const fs::path& set, Split split) {
  fs::path folder = set;
  const fs::path own = folder / name_of(split);
  if (is_there(own / "images.npy")) {
    folder = own;
  } else if (split == Split::test) {
    throw MissingSplit(fmt::format("{}: has no test images; put them into {} or name them with data.array.test",
                                   folder.string(), (own / "images.npy").string()));
  }
  const fs::path images = folder / "images.npy";
  if (!is_there(images)) {
    bad_input("{}: holds no images.npy; name the images with data.array.path", folder.string());
  }
  ArrayFiles found{.images = open_bytes(images), .labels = nullptr, .clips = nullptr, .names = folder / "names.txt"};
  if (is_there(folder / "labels.npy")) found.labels = open_bytes(folder / "labels.npy");
  if (is_there(folder / "clips.npy")) found.clips = open_bytes(folder / "clips.npy");
  return found;
}

}  // namespace biossl
