// The data set "array": .npy and .npz files, or a folder as `biossl data pack` writes it.
#include <array>
#include <utility>

#include "biossl/core/file.h"
#include "biossl/core/text.h"
#include "biossl/data/array_images.h"
#include "biossl/io/zip.h"

namespace biossl {
namespace {

namespace fs = std::filesystem;

struct ArrayOptions {
  std::string path;
  std::string labels;
  std::string test;
  std::string test_labels;

  template <class Visitor>
  void visit(Visitor& field) {
    field("path", path,
          "training images: a .npy or .npz file, or a folder that holds images.npy; below the data folder");
    field("labels", labels, "their labels, a .npy file; \"\": those beside, if there are any");
    field("test", test, "test images; \"\": those of the same .npz file or folder");
    field("test_labels", test_labels, "their labels");
  }
};

/// The member of the first of these names that there is; null for none.
std::shared_ptr<const ByteSource> member(const ZipFile& file, std::span<const std::string_view> names) {
  for (const std::string_view name : names) {
    const std::string whole = fmt::format("{}.npy", name);
    if (file.contains(whole)) return file.open(whole);
  }
  return nullptr;
}

/// Keras says x_train and y_train, MedMNIST train_images and train_labels.
ArrayFiles find_in_npz(const fs::path& path, Split split) {
  using Names = std::array<std::string_view, 5>;
  const bool train = split == Split::train;
  const Names images =
      train ? Names{"train_images", "x_train", "X_train", "images", "x"} : Names{"test_images", "x_test", "X_test"};
  const Names labels = train ? Names{"train_labels", "y_train", "labels", "y"} : Names{"test_labels", "y_test"};
  const Names clips = train ? Names{"train_clips", "clips"} : Names{"test_clips"};
  const ZipFile file(path);
  ArrayFiles found{
      .images = member(file, images), .labels = member(file, labels), .clips = member(file, clips), .names = {}};
  if (found.images != nullptr) return found;
  const std::string holds = fmt::format("it holds {}", joined(file.names()));
  if (!train) throw MissingSplit(fmt::format("{}: has no test_images or x_test; {}", path.string(), holds));
  bad_input("{}: has no images, train_images or x_train; {}", path.string(), holds);
}

/// What belongs to the images of NAME.npy: NAME_labels.npy, or labels.npy for training images. Null for none.
std::shared_ptr<const ByteSource> beside(const fs::path& path, const std::string& what, bool is_training) {
  const fs::path named = path.parent_path() / fmt::format("{}_{}.npy", path.stem().string(), what);
  const fs::path plain = path.parent_path() / (what + ".npy");
  if (is_there(named)) return open_bytes(named);
  return is_training && is_there(plain) ? open_bytes(plain) : nullptr;
}

ArrayFiles find_in_file(const fs::path& path, bool is_training) {
  return {.images = open_bytes(path),
          .labels = beside(path, "labels", is_training),
          .clips = beside(path, "clips", is_training),
          .names = path.parent_path() / "names.txt"};
}

ArrayFiles find_in(const fs::path& path, Split split, bool is_training) {
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) return find_packed(path, split);
  if (path.extension() == ".npz") return find_in_npz(path, split);
  if (split == Split::test) {
    throw MissingSplit(fmt::format("{}: holds training images; name test images with data.array.test", path.string()));
  }
  return find_in_file(path, is_training);
}

ArrayFiles find(const ArrayOptions& options, const DatasetRequest& request) {
  const bool train = request.split == Split::train;
  const std::string& labels = train ? options.labels : options.test_labels;
  // A file of test images may be a folder or .npz file that calls its images "train" or nothing at all.
  const bool apart = !train && !options.test.empty();
  ArrayFiles found = apart ? find_in(path_of_data("array", options.test, request), Split::train, false)
                           : find_in(path_of_data("array", options.path, request), request.split, true);
  if (!labels.empty()) found.labels = open_bytes(path_of_data("array", labels, request));
  return found;
}

class ArrayDataset final : public FileDataset {
 public:
  static constexpr Traits traits{.from_files = true, .channels = 0};

  ArrayDataset(const ArrayOptions& options, const DatasetRequest& request) {
    ArrayImages images = read_array_images(find(options, request));
    open(std::move(images.records), std::move(images.labels), std::move(images.class_names), request);
    take_clips(std::move(images.clips));
  }
};

const Registration<DatasetRegistry, ArrayDataset, ArrayOptions> registration(
    "array", "images in .npy or .npz files, or a folder that the program's data pack wrote; with labels or without");

}  // namespace
}  // namespace biossl
