// The data set "idx": the files of MNIST and its family.
#include <algorithm>
#include <array>
#include <utility>

#include "biossl/data/file_dataset.h"
#include "biossl/io/inflate.h"

namespace biossl {
namespace {

namespace fs = std::filesystem;

struct IdxOptions {
  std::string path;

  template <class Visitor>
  void visit(Visitor& field) {
    field("path", path,
          "the folder of the four files, packed (.gz) or not; below the data folder; \"\": that folder itself");
  }
};

/// Bytes of a file in the IDX format: a number of type and rank, the extents, big-endian, and uint8 elements.
struct IdxArray {
  std::vector<std::int64_t> extents;
  std::shared_ptr<const ByteSource> source;
  std::int64_t start = 0;  // of the elements
};

constexpr std::int64_t longest_extent = 0x7fffffff;

/// The extents that a header of `rank` says, whose first four bytes have been read.
std::vector<std::int64_t> parse_extents(std::span<const std::byte> bytes, const std::string& name) {
  std::vector<std::int64_t> extents;
  std::int64_t elements = 1;
  for (std::size_t at = 0; at < bytes.size(); at += 4) {
    const auto extent = static_cast<std::int64_t>(big_endian(bytes.data() + at, 4));
    if (extent < 1 || extent > longest_extent / (at == 0 ? 1 : elements)) {
      bad_input("{}: byte {}: an extent of {} is not possible", name, 4 + at, extent);
    }
    if (at > 0) elements *= extent;
    extents.push_back(extent);
  }
  return extents;
}

std::int64_t elements_of(const IdxArray& array) {
  std::int64_t product = 1;
  for (const std::int64_t extent : array.extents) product *= extent;
  return product;
}

void check_magic(std::span<const std::byte, 4> magic, int rank, const std::string& name) {
  const std::uint64_t found = big_endian(magic.data(), 4);
  if (found == (0x0800U | static_cast<unsigned>(rank))) return;
  bad_input("{}: begins with {:#010x}, IDX files of {} begin with {:#010x}", name, found,
            rank == 3 ? "images" : "labels", 0x0800U | static_cast<unsigned>(rank));
}

IdxArray read_idx(const fs::path& path, int rank) {
  IdxArray array{.extents = {}, .source = open_bytes(path), .start = 4 + 4 * rank};
  const std::string name = array.source->name();
  std::array<std::byte, 16> header{};
  const auto extents = std::span(header).subspan(4, 4 * static_cast<std::size_t>(rank));
  if (is_gzip(*array.source)) {
    InflateStream stream(array.source, Deflated::gzip);
    stream.read(std::span(header).first<4>());
    check_magic(std::span(header).first<4>(), rank, name);
    stream.read(extents);
    array.extents = parse_extents(extents, name);
    array.source = bytes_in_memory(name, stream.read_rest(elements_of(array)));
    array.start = 0;
    return array;
  }
  array.source->read(0, std::span(header).first<4>());
  check_magic(std::span(header).first<4>(), rank, name);
  array.source->read(4, extents);
  array.extents = parse_extents(extents, name);
  const std::int64_t expected = array.start + elements_of(array);
  if (array.source->size() == expected) return array;
  bad_input("{}: is {}: {} bytes where its header says {}; fetch it again", name,
            array.source->size() < expected ? "cut short" : "too long", array.source->size(), expected);
}

class IdxRecords final : public ImageRecords {
 public:
  explicit IdxRecords(IdxArray array)
      : ImageRecords(array.extents[0], {array.extents[1], array.extents[2], 1}), array_(std::move(array)) {}

  void read(std::int64_t image, std::uint8_t* to) const override {
    const std::int64_t bytes = shape().size();
    array_.source->read(array_.start + image * bytes,
                        std::as_writable_bytes(std::span(to, static_cast<std::size_t>(bytes))));
  }

 private:
  IdxArray array_;
};

/// The file of a split whose name ends in this way: "train-images-idx3-ubyte", also with a dot, a set's name in front,
/// or .gz behind.
fs::path find_file(const fs::path& folder, Split split, const std::string& what) {
  std::vector<fs::path> found;
  std::error_code fault;
  for (const auto& file : fs::directory_iterator(folder, fault)) {
    std::string name = file.path().filename().string();
    if (name.ends_with(".gz")) name.resize(name.size() - 3);
    std::ranges::replace(name, '.', '-');
    const auto ends = [&](std::string_view split_name) {
      return name.ends_with(fmt::format("{}-{}-ubyte", split_name, what));
    };
    if (split == Split::train ? ends("train") : ends("t10k") || ends("test")) found.push_back(file.path());
  }
  if (fault) bad_input("{}: cannot be read ({})", folder.string(), fault.message());
  std::ranges::sort(found);  // a plain file is before its packed twin
  const std::string usual = fmt::format("{}-{}-ubyte", split == Split::train ? "train" : "t10k", what);
  if (found.empty()) bad_input("{}: holds no {} and no {}.gz", folder.string(), usual, usual);
  const bool are_twins = found.size() == 2 && found[1] == found[0].string() + ".gz";
  if (found.size() == 1 || are_twins) return found[0];
  bad_input("{}: holds several files of a set: {} and {}; give each set a folder", folder.string(),
            found[0].filename().string(), found[1].filename().string());
}

std::vector<std::int32_t> read_idx_labels(const fs::path& path, std::int64_t images) {
  const IdxArray array = read_idx(path, 1);
  if (array.extents[0] != images) {
    bad_input("{}: has {} labels for {} images", path.string(), array.extents[0], images);
  }
  std::vector<std::byte> bytes(static_cast<std::size_t>(images));
  array.source->read(array.start, bytes);
  std::vector<std::int32_t> labels;
  labels.reserve(bytes.size());
  for (const std::byte label : bytes) labels.push_back(std::to_integer<std::int32_t>(label));
  return labels;
}

class IdxDataset final : public FileDataset {
 public:
  static constexpr Traits traits{.from_files = true, .channels = 1};

  IdxDataset(const IdxOptions& options, const DatasetRequest& request) {
    const fs::path folder = path_of_data("idx", options.path, request);
    auto records = std::make_unique<IdxRecords>(read_idx(find_file(folder, request.split, "images-idx3"), 3));
    std::vector<std::int32_t> labels =
        read_idx_labels(find_file(folder, request.split, "labels-idx1"), records->size());
    std::vector<std::string> names = numbered_classes(labels);
    open(std::move(records), std::move(labels), std::move(names), request);
  }
};

const Registration<DatasetRegistry, IdxDataset, IdxOptions> registration(
    "idx", "the files of MNIST, Fashion-MNIST, KMNIST, EMNIST: grey images and labels; packed by gzip or not");

}  // namespace
}  // namespace biossl
