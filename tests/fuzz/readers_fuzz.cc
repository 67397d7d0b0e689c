// Reads arbitrary bytes as the files of a data set, under libFuzzer. The environment variable READER names the reader;
// an empty corpus folder gets valid files to begin with. Whatever is thrown must be BadInput of one line.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <map>

#include "biossl/core/atomic_file.h"
#include "biossl/core/error.h"
#include "biossl/data/dataset.h"
#include "biossl/io/archive.h"
#include "biossl/io/picture.h"
#include "tests/support/data_files.h"
#include "tests/support/pictures.h"
#include "tests/support/tar.h"

namespace biossl::testing {
namespace {

namespace fs = std::filesystem;

/// A folder of this process, removed at its end.
class Folder {
 public:
  Folder() : path_(fs::temp_directory_path() / ("biossl_fuzz_" + std::to_string(getpid()))) {
    fs::create_directories(path_);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

const fs::path& folder() {
  static const Folder folder;
  return folder.path();
}

void write(const std::string& name, const std::string& bytes) {
  fs::create_directories((folder() / name).parent_path());
  // Not write_file, which waits for the disk.
  std::ofstream(folder() / name, std::ios::binary) << bytes;
}

/// Opens a data set, in memory and not, and reads its images.
void open(const char* name, const DatasetRequest& request, const Settings& settings = {}) {
  for (const std::int64_t memory : {std::int64_t{1}, std::int64_t{1} << 24}) {
    DatasetRequest wanted = request;
    wanted.memory = memory;
    wanted.images = 64;
    all_bytes(*open_dataset(name, wanted, settings));
  }
}

struct Reader {
  std::vector<std::string> seeds;
  std::function<void(const std::string&)> read;
};

/// A reader of several files: the first byte of the input says which of them the rest replaces.
Reader of_files(const std::map<std::string, std::string>& valid, const std::function<void()>& read) {
  Reader reader;
  char number = 0;
  for (const auto& [name, bytes] : valid) {
    write(name, bytes);
    reader.seeds.push_back(std::string(1, number++) + bytes);
  }
  reader.read = [valid, read](const std::string& input) {
    if (input.empty()) return;
    const auto which = static_cast<std::size_t>(static_cast<unsigned char>(input[0])) % valid.size();
    const auto& [name, bytes] = *std::next(valid.begin(), static_cast<std::ptrdiff_t>(which));
    write(name, input.substr(1));
    try {
      read();
    } catch (...) {
      write(name, bytes);
      throw;
    }
    write(name, bytes);
  };
  return reader;
}

Reader pictures() {
  Reader reader;
  for (const PngKind kind : {PngKind::rgb, PngKind::grey, PngKind::palette, PngKind::alpha, PngKind::rgb16}) {
    reader.seeds.push_back(png_bytes(quarters(9, 7), kind));
  }
  for (const bool progressive : {false, true}) {
    reader.seeds.push_back(jpeg_bytes(quarters(33, 17), {.orientation = 6, .progressive = progressive}));
  }
  reader.seeds.push_back(jpeg_bytes(quarters(9, 8), {.cmyk = true}));
  reader.seeds.push_back(jpeg_bytes(quarters(9, 8), {.grey = true, .sampling = 1}));
  for (const bool alpha : {false, true}) reader.seeds.push_back(webp_bytes(quarters(12, 5), alpha));
  reader.read = [](const std::string& input) { decode_picture(std::as_bytes(std::span(input)), 4, "picture"); };
  return reader;
}

Reader arrays() {
  const std::string images = npy_bytes("|u1", "(3, 2, 4, 3)", noise(72));
  return of_files({{"images.npy", images},
                   {"labels.npy", npy_bytes("<i8", "(3,)", raw(std::vector<std::int64_t>{0, 2, 1}))},
                   {"clips.npy", npy_bytes("<i4", "(3, 1)", raw(std::vector<std::int32_t>{4, 4, 7}))},
                   {"names.txt", "cat\ndog\nowl\n"}},
                  [] { open("array", {.directory = folder(), .resize = 2}); });
}

Reader zips() {
  const std::string images = npy_bytes("<f4", "(2, 2, 2)", raw(std::vector<float>(8, 0.5F)));
  const std::string labels = npy_bytes("|u1", "(2,)", std::string("\1\0", 2));
  Reader reader = of_files({{"a.npz", zip_bytes({{"x_train.npy", images, true}, {"y_train.npy", labels, true}})}}, [] {
    open("array", {.directory = folder()}, {{"path", std::string("a.npz")}});
  });
  reader.seeds.push_back(std::string(1, '\0') +
                         zip_bytes({{"images.npy", images}, {"labels.npy", labels, false, true}}));
  return reader;
}

/// Big-endian, as the format has it.
std::string idx_bytes(const std::vector<std::uint32_t>& extents, const std::string& elements) {
  std::string bytes{'\0', '\0', '\x08', static_cast<char>(extents.size())};
  for (const std::uint32_t extent : extents) {
    for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(extent >> shift & 0xff);
  }
  return bytes + elements;
}

Reader idx() {
  return of_files({{"train-images-idx3-ubyte", idx_bytes({3, 4, 5}, noise(60))},
                   {"train-labels-idx1-ubyte.gz", gzipped(idx_bytes({3}, std::string("\2\0\1", 3)))}},
                  [] { open("idx", {.directory = folder()}); });
}

Reader stl10() {
  return of_files({{"stl10_binary/train_X.bin", noise(std::size_t{3} * 96 * 96 * 3)},
                   {"stl10_binary/train_y.bin", "\1\12\5"},
                   {"stl10_binary/class_names.txt", "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n"},
                   {"stl10_binary/fold_indices.txt", "0 2\n1\n0 1 2\n"}},
                  [] {
                    open("stl10", {.directory = folder(), .resize = 8});
                    open("stl10", {.directory = folder(), .resize = 8}, {{"fold", std::int64_t{1}}});
                  });
}

Reader cifar() {
  std::map<std::string, std::string> files{{"cifar-100-binary/fine_label_names.txt", "a\nb\nc\n"}};
  files["cifar-100-binary/train.bin"] = std::string("\3\7", 2) + noise(3072) + std::string("\1\2", 2) + noise(3072, 2);
  return of_files(files, [] { open("cifar100", {.directory = folder()}); });
}

Reader archives() {
  Reader reader;
  reader.seeds.push_back(tar_gz({{.path = "set", .type = 'd'}, {.path = "set/a.bin", .data = noise(700)}}));
  reader.seeds.push_back(tar_gz({{.path = "../a", .data = "up"}, {.path = "b", .type = 's', .target = "/etc"}}));
  reader.read = [](const std::string& input) {
    write("archive.tar", input);
    fs::create_directories(folder() / "unpacked");
    try {
      unpack_archive(folder() / "archive.tar", folder() / "unpacked", {.bytes = 1 << 20, .entries = 100});
    } catch (...) {
      fs::remove_all(folder() / "unpacked");
      throw;
    }
    fs::remove_all(folder() / "unpacked");
  };
  return reader;
}

Reader chosen_reader() {
  const std::map<std::string, Reader (*)()> readers{{"pictures", pictures}, {"arrays", arrays}, {"zips", zips},
                                                    {"idx", idx},           {"stl10", stl10},   {"cifar", cifar},
                                                    {"archives", archives}};
  const char* name = std::getenv("READER");  // NOLINT(concurrency-mt-unsafe): nobody changes it
  const auto found = readers.find(name == nullptr ? "" : name);
  if (found != readers.end()) return found->second();
  std::fputs("READER is none of pictures, arrays, zips, idx, stl10, cifar, archives\n", stderr);
  std::exit(2);  // NOLINT(concurrency-mt-unsafe)
}

const Reader& reader() {
  static const Reader chosen = chosen_reader();
  return chosen;
}

}  // namespace
}  // namespace biossl::testing

extern "C" int LLVMFuzzerInitialize(int* count, char*** words) {
  const std::filesystem::path corpus = *count > 1 ? (*words)[1] : "";
  if (!std::filesystem::is_directory(corpus) || !std::filesystem::is_empty(corpus)) return 0;
  int number = 0;
  for (const std::string& seed : biossl::testing::reader().seeds) {
    biossl::write_file(corpus / std::to_string(number++), seed);
  }
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  try {
    biossl::testing::reader().read(std::string(reinterpret_cast<const char*>(bytes), size));
  } catch (const biossl::BadInput& refused) {
    if (std::string_view(refused.what()).find('\n') != std::string_view::npos) {
      std::fprintf(stderr, "not one line: %s\n", refused.what());
      std::abort();
    }
  }
  return 0;
}
