#include "biossl/data/cifar.h"

#include <algorithm>

#include "biossl/core/file.h"
#include "biossl/core/parallel.h"
#include "biossl/core/wording.h"
#include "biossl/data/file_dataset.h"
#include "biossl/data/resize.h"

namespace biossl {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t side = Cifar::traits.side;
constexpr std::int64_t plane = side * side;
constexpr std::int64_t image_bytes = 3 * plane;
constexpr std::int64_t grain = 64;  // parallel work is divided at multiples of this many records

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
  fs::path path;
  MappedFile file;
  std::int64_t records;
};

RecordFile open_records(const fs::path& path, std::int64_t record_bytes) {
  if (!is_there(path)) {
    bad_input("{}: is missing; {} brings it", path.string(), wording::command("data fetch"));
  }
  MappedFile file(path);
  const auto size = static_cast<std::int64_t>(file.bytes().size());
  if (size == 0) bad_input("{}: is empty; expected records of {} bytes", path.string(), record_bytes);
  if (size % record_bytes != 0) {
    bad_input("{}: is cut short: {} bytes are no whole number of records of {} bytes; the last one starts at byte {}",
              path.string(), size, record_bytes, size - size % record_bytes);
  }
  return {path, std::move(file), size / record_bytes};
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

/// Reads the label of the record at `byte` of its file.
std::int32_t read_label(const RecordFile& source, const std::byte* record, std::int64_t byte,
                        const std::vector<std::int32_t>& bounds) {
  std::int32_t label = 0;
  for (std::size_t i = 0; i < bounds.size(); ++i) {
    label = std::to_integer<std::int32_t>(record[i]);
    if (label >= bounds[i]) {
      bad_input("{}: byte {}: label {} is out of range; expected 0 to {} (a file of another data set?)",
                source.path.string(), byte + static_cast<std::int64_t>(i), label, bounds[i] - 1);
    }
  }
  return label;
}

/// Planes (3, 32, 32) to pixels (32, 32, 3).
void interleave(const std::byte* planes, std::uint8_t* to) {
  const auto* from = reinterpret_cast<const std::uint8_t*>(planes);
  for (std::int64_t i = 0; i < plane; ++i) {
    to[3 * i] = from[i];
    to[3 * i + 1] = from[plane + i];
    to[3 * i + 2] = from[2 * plane + i];
  }
}

void read_records(const RecordFile& source, std::int64_t records, const std::vector<std::int32_t>& bounds,
                  std::int32_t* labels, std::uint8_t* pixels) {
  const auto label_bytes = static_cast<std::int64_t>(bounds.size());
  const std::int64_t record_bytes = label_bytes + image_bytes;
  const std::byte* bytes = source.file.bytes().data();
  parallel_for(records, grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const std::byte* record = bytes + i * record_bytes;
      labels[i] = read_label(source, record, i * record_bytes, bounds);
      interleave(record + label_bytes, pixels + i * image_bytes);
    }
  });
}

/// The class names, or numbers without such a file.
std::vector<std::string> read_names(const fs::path& path, std::int32_t classes) {
  if (!is_there(path)) return numbered_classes(classes);
  std::vector<std::string> names = read_class_names(path);
  if (std::ssize(names) == classes) return names;
  bad_input("{}: holds {} class names, expected {}, one a line", path.string(), names.size(), classes);
}

const Registration<DatasetRegistry, Cifar10, NoOptions> registration10(
    "cifar10", "CIFAR-10, 60000 photographs of 10 classes, 32x32; binary version, read from the data folder");
const Registration<DatasetRegistry, Cifar100, NoOptions> registration100(
    "cifar100", "CIFAR-100, 60000 photographs of 100 classes, 32x32; binary version, read from the data folder");

}  // namespace

Cifar::Cifar(const CifarFormat& format, const DatasetRequest& request) {
  check(request.images >= 0, format.name, "images = {}; give 0 for all or a positive number", request.images);
  const fs::path folder = find_folder(format, request);
  const auto record_bytes = static_cast<std::int64_t>(format.label_bounds.size()) + image_bytes;
  std::vector<RecordFile> files;
  std::int64_t images = 0;
  for (const std::string& file : request.split == Split::train ? format.train_files : format.test_files) {
    files.push_back(open_records(folder / file, record_bytes));
    images += files.back().records;
  }
  images = count_wanted(format, request, images, folder);
  class_names_ = read_names(folder / format.names_file, format.label_bounds.back());
  size_ = images;
  image_shape_ = {side, side, 3};
  labels_.resize(static_cast<std::size_t>(images));
  pixels_ = Tensor({images, side, side, 3}, DType::uint8, Device::cpu);
  std::int64_t read = 0;
  for (const RecordFile& file : files) {
    const std::int64_t records = std::min(file.records, images - read);
    read_records(file, records, format.label_bounds, labels_.data() + read,
                 pixels_.data<std::uint8_t>() + read * image_bytes);
    read += records;
  }
  if (request.resize == 0 || (request.resize == side && request.crop == 1)) return;
  pixels_ = resized(pixels_, request.resize, request.crop);
  image_shape_ = {request.resize, request.resize, 3};
}

Cifar10::Cifar10(const NoOptions& /*options*/, const DatasetRequest& request) : Cifar(cifar10_format(), request) {}

Cifar100::Cifar100(const NoOptions& /*options*/, const DatasetRequest& request) : Cifar(cifar100_format(), request) {}

}  // namespace biossl
