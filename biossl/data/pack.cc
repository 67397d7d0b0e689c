#include "biossl/data/pack.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>
#include <optional>
#include <utility>

#include "biossl/core/atomic_file.h"
#include "biossl/core/file.h"
#include "biossl/core/one_line.h"
#include "biossl/core/parallel.h"
#include "biossl/core/staging_folder.h"
#include "biossl/core/text.h"
#include "biossl/data/resize.h"
#include "biossl/io/npy.h"
#include "biossl/io/picture.h"

namespace biossl {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t window_bytes = std::int64_t{64} << 20;    // of decoded images that wait for being written
constexpr std::int64_t largest_picture = std::int64_t{1} << 30;  // bytes of its file
constexpr std::int64_t reserve = 2;  // a JPEG is decoded at this multiple of the wanted side at least

/// Writes the picture as an image of side x side x 3. Throws BadInput.
void decode_into(const PictureFile& file, const PackOptions& options, std::uint8_t* to) {
  const std::string bytes = read_regular_file(file.path, largest_picture);
  const auto least_side = std::llround(static_cast<double>(reserve * options.side) / options.crop);
  const Picture picture =
      decode_picture(std::as_bytes(std::span(bytes.data(), bytes.size())), least_side, one_line(file.path.string()));
  Resizer({picture.height, picture.width, 3}, options.side, options.crop)(picture.rgb.data(), to);
}

void write_integers(const fs::path& path, const std::vector<std::int32_t>& values) {
  Tensor tensor({std::ssize(values)}, DType::int32, Device::cpu);
  std::ranges::copy(values, tensor.data<std::int32_t>());
  NpyWriter writer(path, DType::int32, tensor.shape());
  writer.write(tensor);
  writer.commit();
}

/// Packs the pictures of one split.
class SplitPacker {
 public:
  SplitPacker(const PictureList& list, const PackOptions& options)
      : list_(list),
        options_(options),
        window_(std::clamp<std::int64_t>(window_bytes / image_bytes(), 1, std::max<std::int64_t>(count(), 1))),
        images_({window_, options.side, options.side, 3}, DType::uint8, Device::cpu),
        faults_(static_cast<std::size_t>(window_)) {}

  /// Returns the number of images. done, total: of pictures, for the progress.
  std::int64_t pack(const fs::path& folder, std::vector<std::string>& broken, std::int64_t done, std::int64_t total) {
    fs::create_directories(folder);
    NpyWriter images = NpyWriter::of_rows(folder / "images.npy", DType::uint8, {options_.side, options_.side, 3});
    for (std::int64_t first = 0; first < count(); first += window_) {
      const std::int64_t size = std::min(window_, count() - first);
      decode(first, size, done + first, total);
      // A thread of its own may have decoded them all, so the caller hears of them here at the latest.
      if (options_.progress) options_.progress(done + first + size, total, "");
      keep(first, size, images, broken);
    }
    if (labels_.empty()) bad_input("{} (and so is every other picture)", broken.back());
    images.commit();
    if (list_.clips > 0) write_integers(folder / "clips.npy", clips_);
    if (!list_.classes.empty()) write_classes(folder);
    return std::ssize(labels_);
  }

 private:
  std::int64_t count() const { return std::ssize(list_.files); }
  std::int64_t image_bytes() const { return options_.side * options_.side * 3; }

  /// Threads take one picture after another, because their sizes differ widely.
  void decode(std::int64_t first, std::int64_t size, std::int64_t done, std::int64_t total) {
    std::atomic<std::int64_t> next = 0;
    auto* to = images_.data<std::uint8_t>();
    parallel_for(threads(), 1, [&](std::int64_t begin, std::int64_t /*end*/) {
      for (std::int64_t i = next++; i < size; i = next++) {
        std::string& fault = faults_[static_cast<std::size_t>(i)];
        fault.clear();
        try {
          decode_into(list_.files[static_cast<std::size_t>(first + i)], options_, to + i * image_bytes());
        } catch (const BadInput& wrong) {
          fault = one_line(wrong.what());
          if (options_.strict) next = size;
        } catch (...) {
          next = size;
          throw;
        }
        if (begin != 0 || !options_.progress) continue;
        try {
          options_.progress(done + i + 1, total, "");
        } catch (...) {
          next = size;
          throw;
        }
      }
    });
  }

  /// Writes what could be decoded, in order.
  void keep(std::int64_t first, std::int64_t size, NpyWriter& images, std::vector<std::string>& broken) {
    auto* bytes = images_.data<std::uint8_t>();
    std::int64_t kept = 0;
    for (std::int64_t i = 0; i < size; ++i) {
      const std::string& fault = faults_[static_cast<std::size_t>(i)];
      if (!fault.empty()) {
        if (options_.strict) throw BadInput(fault);
        broken.push_back(fault);
        continue;
      }
      if (list_.clips > 0) clips_.push_back(clip_of(first + i));
      if (kept != i) std::copy_n(bytes + i * image_bytes(), image_bytes(), bytes + kept * image_bytes());
      labels_.push_back(list_.files[static_cast<std::size_t>(first + i)].label);
      last_kept_ = first + i;
      ++kept;
    }
    images.write(images_.rows(0, kept));
  }

  void write_classes(const fs::path& folder) const {
    write_integers(folder / "labels.npy", labels_);
    std::string names;
    for (const std::string& name : list_.classes) names += one_line(name) + "\n";
    write_file(folder / "names.txt", names);
  }

  /// The clip of the next picture that is kept, counted anew: a broken frame ends a clip, since the frames before and
  /// after it are no neighbours in time.
  std::int32_t clip_of(std::int64_t picture) {
    if (clips_.empty()) return 0;
    const PictureFile& file = list_.files[static_cast<std::size_t>(picture)];
    const PictureFile& before = list_.files[static_cast<std::size_t>(last_kept_)];
    const bool goes_on = last_kept_ == picture - 1 && file.clip == before.clip;
    return clips_.back() + (goes_on ? 0 : 1);
  }

  const PictureList& list_;
  const PackOptions& options_;
  std::int64_t window_;
  Tensor images_;                     // (window, side, side, 3)
  std::vector<std::string> faults_;   // (window); "" for a picture that could be decoded
  std::vector<std::int32_t> labels_;  // of what has been kept
  std::vector<std::int32_t> clips_;   // of what has been kept; empty for still pictures
  std::int64_t last_kept_ = -1;       // its place in the list
};

/// "SET/" and "SET/." are SET, beside which others are made.
fs::path without_slash(fs::path folder) {
  while (folder.has_relative_path() && folder.has_parent_path() &&
         (!folder.has_filename() || folder.filename() == ".")) {
    folder = folder.parent_path();
  }
  return folder;
}

void require_free(const fs::path& set) {
  std::error_code ignored;
  check(!fs::exists(fs::symlink_status(set, ignored)), "pack", "{} exists; name another place, or remove it",
        set.string());
}

}  // namespace

PackSummary pack_pictures(const PictureFolder& pictures, const fs::path& out, const PackOptions& options) {
  check(options.side >= 1 && options.side <= 4096, "pack", "size = {}; must be 1 to 4096", options.side);
  check(options.crop > 0 && options.crop <= 1, "pack", "crop = {}; must lie above 0 and up to 1", options.crop);
  const fs::path set = without_slash(out);
  check(set.has_filename(), "pack", "'{}' is no name of a folder to make", out.string());
  require_free(set);
  fs::path unfinished = set;
  unfinished += ".packing";
  require_writable_folder(unfinished);
  const StagingFolder folder(unfinished);
  require_free(set);  // another process may have made it before this one got the staging folder
  PackSummary summary;
  const std::int64_t train = std::ssize(pictures.train.files);
  const std::int64_t total = train + (pictures.test ? std::ssize(pictures.test->files) : 0);
  const fs::path train_folder = pictures.has_splits ? folder.path() / "train" : folder.path();
  summary.train_images = SplitPacker(pictures.train, options).pack(train_folder, summary.broken, 0, total);
  if (pictures.test) {
    summary.test_images =
        SplitPacker(*pictures.test, options).pack(folder.path() / "test", summary.broken, train, total);
  }
  if (!summary.broken.empty()) write_file(folder.path() / "broken.txt", joined(summary.broken, "\n") + "\n");
  flush_to_disk(folder.path());
  put_in_place(folder.path(), set);
  return summary;
}

}  // namespace biossl
