// The data sets "stl10" and "stl10_unlabelled": STL-10's binary files (Coates, Lee & Ng 2011).
#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "biossl/core/file.h"
#include "biossl/core/wording.h"
#include "biossl/data/file_dataset.h"
#include "biossl/io/byte_source.h"

namespace biossl {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t side = 96;
constexpr std::int64_t plane = side * side;
constexpr std::int64_t image_bytes = 3 * plane;
constexpr std::int32_t classes = 10;
constexpr std::int64_t folds = 10;
constexpr std::int64_t most_bytes_of_folds = 1 << 20;  // the published file has 50 KB

struct StlOptions {
  std::int64_t fold = -1;

  template <class Visitor>
  void visit(Visitor& field) {
    field("fold", fold, "0 to 9: the 1000 training images of an official fold; -1: all 5000");
  }
};

/// Images of a file, or those that `chosen` numbers. A file holds a red, a green and a blue plane for each image,
/// column by column.
class StlRecords final : public ImageRecords {
 public:
  StlRecords(std::shared_ptr<const ByteSource> file, std::vector<std::int64_t> chosen)
      : ImageRecords(chosen.empty() ? file->size() / image_bytes : std::ssize(chosen), {side, side, 3}),
        file_(std::move(file)),
        chosen_(std::move(chosen)) {}

  void read(std::int64_t image, std::uint8_t* to) const override {
    const std::int64_t record = chosen_.empty() ? image : chosen_[static_cast<std::size_t>(image)];
    std::array<std::byte, image_bytes> planes;  // NOLINT(cppcoreguidelines-pro-type-member-init): read next
    file_->read(record * image_bytes, planes);
    const auto* from = reinterpret_cast<const std::uint8_t*>(planes.data());
    for (std::int64_t y = 0; y < side; ++y) {
      for (std::int64_t x = 0; x < side; ++x) {
        for (std::int64_t c = 0; c < 3; ++c) *to++ = from[c * plane + x * side + y];
      }
    }
  }

 private:
  std::shared_ptr<const ByteSource> file_;
  std::vector<std::int64_t> chosen_;
};

fs::path find_folder(const DatasetRequest& request) {
  if (request.directory.empty()) {
    bad_input("stl10 is read from files; {} names the folder that holds stl10_binary/", wording::option("data", "DIR"));
  }
  std::error_code ignored;
  const fs::path below = request.directory / "stl10_binary";
  return fs::is_directory(below, ignored) ? below : request.directory;
}

std::shared_ptr<const ByteSource> open_images(const fs::path& path) {
  if (!is_there(path)) {
    bad_input("{}: is missing; {} names the folder that holds stl10_binary/; {} makes it", path.string(),
              wording::option("data", "DIR"), wording::command("data fetch stl10"));
  }
  auto file = open_bytes(path);
  if (file->size() > 0 && file->size() % image_bytes == 0) return file;
  bad_input("{}: {} bytes are no whole number of images of {} bytes; fetch the archive again", path.string(),
            file->size(), image_bytes);
}

/// Labels are 1 to 10 in the file.
std::vector<std::int32_t> read_stl10_labels(const fs::path& path, std::int64_t images) {
  const auto file = open_bytes(path);
  if (file->size() != images) bad_input("{}: has {} labels for {} images", path.string(), file->size(), images);
  std::vector<std::byte> bytes(static_cast<std::size_t>(images));
  file->read(0, bytes);
  std::vector<std::int32_t> labels;
  labels.reserve(bytes.size());
  for (const std::byte byte : bytes) {
    const auto label = std::to_integer<std::int32_t>(byte);
    if (label < 1 || label > classes) {
      bad_input("{}: byte {}: label {} is out of range; expected 1 to {}", path.string(), labels.size(), label,
                classes);
    }
    labels.push_back(label - 1);
  }
  return labels;
}

/// A line of fold_indices.txt: the numbers of its images, from 0 on.
std::vector<std::int64_t> read_fold(const fs::path& path, std::int64_t fold, std::int64_t images) {
  const std::string text = read_regular_file(path, most_bytes_of_folds);
  std::size_t start = 0;
  for (std::int64_t line = 0; line < fold; ++line) {
    start = text.find('\n', start);
    if (start++ == std::string::npos) bad_input("{}: has no line {}; a fold is a line", path.string(), fold + 1);
  }
  std::vector<std::int64_t> numbers;
  const char* at = text.data() + start;
  const char* const end = text.data() + std::min(text.find('\n', start), text.size());
  while (true) {
    while (at != end && (*at == ' ' || *at == '\r' || *at == '\t')) ++at;
    if (at == end) break;
    std::int64_t number = -1;
    const auto [next, fault] = std::from_chars(at, end, number);
    if (fault != std::errc() || number < 0 || number >= images) {
      bad_input("{}:{}: holds something else than numbers from 0 to {}", path.string(), fold + 1, images - 1);
    }
    numbers.push_back(number);
    at = next;
  }
  if (numbers.empty()) bad_input("{}:{}: this fold has no images", path.string(), fold + 1);
  return numbers;
}

std::vector<std::string> names_of_classes(const fs::path& folder, const std::vector<std::int32_t>& labels) {
  const fs::path path = folder / "class_names.txt";
  return is_there(path) ? read_class_names(path, labels) : numbered_classes(classes);
}

class Stl10 final : public FileDataset {
 public:
  static constexpr Traits traits{.side = side, .from_files = true};

  Stl10(const StlOptions& options, const DatasetRequest& request) {
    check(options.fold >= -1 && options.fold < folds, "stl10", "fold = {}; must be 0 to {}, or -1 for all",
          options.fold, folds - 1);
    const fs::path folder = find_folder(request);
    const bool train = request.split == Split::train;
    auto file = open_images(folder / (train ? "train_X.bin" : "test_X.bin"));
    const std::int64_t images = file->size() / image_bytes;
    std::vector<std::int32_t> labels = read_stl10_labels(folder / (train ? "train_y.bin" : "test_y.bin"), images);
    std::vector<std::int64_t> chosen;
    if (train && options.fold >= 0) {
      chosen = read_fold(folder / "fold_indices.txt", options.fold, images);
      std::vector<std::int32_t> theirs;
      for (const std::int64_t image : chosen) theirs.push_back(labels[static_cast<std::size_t>(image)]);
      labels = std::move(theirs);
    }
    std::vector<std::string> names = names_of_classes(folder, labels);
    open(std::make_unique<StlRecords>(std::move(file), std::move(chosen)), std::move(labels), std::move(names),
         request);
  }
};

class Stl10Unlabelled final : public FileDataset {
 public:
  static constexpr Traits traits{.side = side, .from_files = true};

  Stl10Unlabelled(const NoOptions& /*options*/, const DatasetRequest& request) {
    if (request.split == Split::test) throw MissingSplit("stl10_unlabelled has no test images; stl10 has some");
    auto file = open_images(find_folder(request) / "unlabeled_X.bin");
    open(std::make_unique<StlRecords>(std::move(file), std::vector<std::int64_t>{}), {}, {}, request);
  }
};

const Registration<DatasetRegistry, Stl10, StlOptions> registration(
    "stl10", "STL-10, 5000 and 8000 photographs of 10 classes, 96x96; binary version, read from the data folder");
const Registration<DatasetRegistry, Stl10Unlabelled, NoOptions> unlabelled_registration(
    "stl10_unlabelled", "STL-10's 100000 photographs without labels, 96x96; binary version, read from the data folder");

}  // namespace
}  // namespace biossl
