// The data sets "cifar10" and "cifar100": CIFAR's official binary files, with fine labels (Krizhevsky 2009).
#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "biossl/core/file.h"
#include "biossl/core/parallel.h"
#include "biossl/core/wording.h"
#include "biossl/data/file_dataset.h"

namespace biossl {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t side = 32;
constexpr std::int64_t plane = side * side;
constexpr std::int64_t image_bytes = 3 * plane;
constexpr std::size_t most_label_bytes = 2;
constexpr std::int64_t grain = 64;  // labels are read in parallel by so many records at least

/// The files of a CIFAR set. A record is its label bytes, then 32 x 32 red, green and blue bytes.
struct CifarFormat {
  std::string name;                      ///< "cifar10"
  std::string folder;                    ///< its folder below the data directory
  std::vector<std::string> train_files;  ///< read in this order
  std::vector<std::string> test_files;
  std::string names_file;                  ///< one class name a line; optional
  std::vector<std::int32_t> label_bounds;  ///< exclusive upper bound of each label byte; the last byte is the class
  std::int64_t train_images = 50'000;      ///< number published
  std::int64_t test_images = 10'000;

  std::int64_t label_bytes() const { return std::ssize(label_bounds); }
  std::int64_t record_bytes() const { return label_bytes() + image_bytes; }
};

const CifarFormat& cifar10_format() {
  static const CifarFormat format{
      "cifar10",
      "cifar-10-batches-bin",
      {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"},
      {"test_batch.bin"},
      "batches.meta.txt",
      {10}};
  return format;
}

const CifarFormat& cifar100_format() {
  static const CifarFormat format{"cifar100",   "cifar-100-binary",     {"train.bin"},
                                  {"test.bin"}, "fine_label_names.txt", {20, 100}};
  return format;
}

/// The folder of the files: the given one or its subfolder.
fs::path find_folder(const CifarFormat& format, const DatasetRequest& request) {
  const fs::path& directory = request.directory;
  if (directory.empty()) {
    bad_input("{} is read from files; {} names the folder that holds {}/", format.name, wording::option("data", "DIR"),
              format.folder);
  }
  std::error_code ignored;  // an unreadable folder counts as absent
  if (fs::is_directory(directory / format.folder, ignored)) return directory / format.folder;
  const bool is_it = std::ranges::any_of(format.train_files, [&](const auto& f) { return is_there(directory / f); }) ||
                     std::ranges::any_of(format.test_files, [&](const auto& f) { return is_there(directory / f); });
  if (is_it) return directory;
  bad_input("{}: holds neither {}/ nor {}; {} names the folder that holds {}/; {} makes it", directory.string(),
            format.folder, format.train_files.front(), wording::option("data", "DIR"), format.folder,
            wording::command(fmt::format("data fetch {}", format.name)));
}

struct RecordFile {
  RandomAccessFile file;
  std::int64_t records;
};

RecordFile open_records(const fs::path& path, std::int64_t record_bytes) {
  if (!is_there(path)) {
    bad_input("{}: is missing; {} brings it", path.string(), wording::command("data fetch"));
  }
  RandomAccessFile file(path);
  const std::int64_t size = file.size();
  if (size == 0) bad_input("{}: is empty; expected records of {} bytes", path.string(), record_bytes);
  if (size % record_bytes != 0) {
    bad_input("{}: is cut short: {} bytes are no whole number of records of {} bytes; the last one starts at byte {}",
              path.string(), size, record_bytes, size - size % record_bytes);
  }
  return {std::move(file), size / record_bytes};
}

/// The number of images to read from a folder.
std::int64_t count_wanted(const CifarFormat& format, const DatasetRequest& request, std::int64_t there,
                          const fs::path& folder) {
  const std::int64_t published = request.split == Split::train ? format.train_images : format.test_images;
  if (request.images == 0 && there != published) {
    bad_input(
        "{}: holds {} {} images, {} has {}; unpack the whole archive of the binary version, or ask for {} by number",
        folder.string(), there, name_of(request.split), format.name, published, there);
  }
  return request.images == 0 ? there : std::min(there, request.images);
}

/// The images of the files, one file after another.
class CifarRecords final : public ImageRecords {
 public:
  CifarRecords(const CifarFormat& format, std::vector<RecordFile> files, std::int64_t records)
      : ImageRecords(records, {side, side, 3}), format_(format), files_(std::move(files)) {}

  /// The labels of the first images. Throws BadInput, naming the byte, for one that is out of range.
  std::vector<std::int32_t> labels(std::int64_t images) const {
    std::vector<std::int32_t> labels(static_cast<std::size_t>(images));
    parallel_for(images, grain, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) labels[static_cast<std::size_t>(i)] = label(i);
    });
    return labels;
  }

  /// Planes (3, 32, 32) to pixels (32, 32, 3).
  void read(std::int64_t image, std::uint8_t* to) const override {
    const auto [file, byte] = place_of(image);
    std::array<std::byte, image_bytes> planes;  // NOLINT(cppcoreguidelines-pro-type-member-init): read next
    file->read(byte + format_.label_bytes(), planes);
    const auto* from = reinterpret_cast<const std::uint8_t*>(planes.data());
    for (std::int64_t i = 0; i < plane; ++i) {
      to[3 * i] = from[i];
      to[3 * i + 1] = from[plane + i];
      to[3 * i + 2] = from[2 * plane + i];
    }
  }

 private:
  /// Where a record begins.
  struct Place {
    const RandomAccessFile* file;
    std::int64_t byte;
  };

  Place place_of(std::int64_t image) const {
    const RecordFile* file = files_.data();
    for (; image >= file->records; ++file) image -= file->records;
    return {&file->file, image * format_.record_bytes()};
  }

  std::int32_t label(std::int64_t image) const {
    const auto [file, byte] = place_of(image);
    std::array<std::byte, most_label_bytes> bytes{};
    file->read(byte, std::span(bytes).first(format_.label_bounds.size()));
    std::int32_t label = 0;
    for (std::int64_t i = 0; i < format_.label_bytes(); ++i) {
      const std::int32_t bound = format_.label_bounds[static_cast<std::size_t>(i)];
      label = std::to_integer<std::int32_t>(bytes[static_cast<std::size_t>(i)]);
      if (label >= bound) {
        bad_input("{}: byte {}: label {} is out of range; expected 0 to {} (a file of another data set?)",
                  file->path().string(), byte + i, label, bound - 1);
      }
    }
    return label;
  }

  const CifarFormat& format_;
  std::vector<RecordFile> files_;
};

/// The class names, or numbers without such a file.
std::vector<std::string> read_names(const fs::path& path, std::int32_t classes) {
  if (!is_there(path)) return numbered_classes(classes);
  std::vector<std::string> names = read_class_names(path);
  if (std::ssize(names) == classes) return names;
  bad_input("{}: holds {} class names, expected {}, one a line", path.string(), names.size(), classes);
}

/// Images (32, 32, 3). request.directory is the folder of the files, or its parent. request.images = 0 requires the
/// published number of images, so that an incomplete set is detected; otherwise files with any positive number of
/// records are read.
class Cifar : public FileDataset {
 public:
  static constexpr Traits traits{.side = side, .from_files = true};

 protected:
  Cifar(const CifarFormat& format, const DatasetRequest& request) {
    check(request.images >= 0, format.name, "images = {}; give 0 for all or a positive number", request.images);
    const fs::path folder = find_folder(format, request);
    std::vector<RecordFile> files;
    std::int64_t there = 0;
    for (const std::string& file : request.split == Split::train ? format.train_files : format.test_files) {
      files.push_back(open_records(folder / file, format.record_bytes()));
      there += files.back().records;
    }
    const std::int64_t images = count_wanted(format, request, there, folder);
    std::vector<std::string> names = read_names(folder / format.names_file, format.label_bounds.back());
    auto records = std::make_unique<CifarRecords>(format, std::move(files), there);
    std::vector<std::int32_t> labels = records->labels(images);
    open(std::move(records), std::move(labels), std::move(names), request);
  }
};

class Cifar10 final : public Cifar {
 public:
  Cifar10(const NoOptions& /*options*/, const DatasetRequest& request) : Cifar(cifar10_format(), request) {}
};

class Cifar100 final : public Cifar {
 public:
  Cifar100(const NoOptions& /*options*/, const DatasetRequest& request) : Cifar(cifar100_format(), request) {}
};

const Registration<DatasetRegistry, Cifar10, NoOptions> registration10(
    "cifar10", "CIFAR-10, 60000 photographs of 10 classes, 32x32; binary version, read from the data folder");
const Registration<DatasetRegistry, Cifar100, NoOptions> registration100(
    "cifar100", "CIFAR-100, 60000 photographs of 100 classes, 32x32; binary version, read from the data folder");

}  // namespace
}  // namespace biossl
