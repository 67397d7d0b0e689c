// The data sets "folder" and "clips": pictures in folders, packed once into the user's cache.
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <optional>
#include <thread>
#include <utility>

#include "biossl/core/atomic_file.h"
#include "biossl/core/file.h"
#include "biossl/core/folder_lock.h"
#include "biossl/core/random.h"
#include "biossl/core/text.h"
#include "biossl/core/wording.h"
#include "biossl/data/array_images.h"
#include "biossl/data/pack.h"
#include "biossl/data/picture_folder.h"

namespace biossl {
namespace {

namespace fs = std::filesystem;

constexpr int cache_version = 1;                    // of what pack_pictures makes of the same pictures
constexpr const char* inventory = "inventory.txt";  // of a packed set in the cache; written last
constexpr std::int64_t most_bytes_of_notes = std::int64_t{1} << 30;

struct FolderOptions {
  std::string path;
  bool strict = false;

  template <class Visitor>
  void visit(Visitor& field) {
    field("path", path, "the folder of pictures; below the data folder; \"\": that folder itself");
    field("strict", strict, "whether a broken picture stops the run; otherwise it is skipped");
  }
};

/// $XDG_CACHE_HOME/biossl or ~/.cache/biossl, as the XDG Base Directory Specification says.
fs::path cache_folder() {
  const char* cache = std::getenv("XDG_CACHE_HOME");  // NOLINT(concurrency-mt-unsafe): nobody changes it
  if (cache != nullptr && fs::path(cache).is_absolute()) return fs::path(cache) / "biossl";
  const char* home = std::getenv("HOME");  // NOLINT(concurrency-mt-unsafe)
  if (home != nullptr && fs::path(home).is_absolute()) return fs::path(home) / ".cache" / "biossl";
  bad_input("packed pictures need a place: set HOME or XDG_CACHE_HOME, or use {} and data set \"array\"",
            wording::command("data pack"));
}

/// Waits until no other process packs the same pictures. Progress may stop the wait.
class PatientLock {
 public:
  PatientLock(const fs::path& folder, const Progress& progress) {
    while (!lock_) {
      try {
        lock_.emplace(folder);
      } catch (const InUse&) {
        if (progress) progress(0, 1, "waiting for another process, which packs these pictures");
        std::this_thread::sleep_for(std::chrono::milliseconds(200));
      }
    }
  }

 private:
  std::optional<FolderLock> lock_;
};

/// A line for each file of a packed set: its length, and its path there.
std::string inventory_of(const fs::path& set) {
  std::vector<std::string> lines;
  std::error_code fault;
  for (auto entry = fs::recursive_directory_iterator(set, fault); !fault && entry != fs::recursive_directory_iterator();
       entry.increment(fault)) {
    std::error_code unknown;
    if (!entry->is_regular_file(unknown) || entry->path().filename() == inventory) continue;
    lines.push_back(fmt::format("{} {}\n", static_cast<std::int64_t>(entry->file_size(unknown)),
                                entry->path().lexically_relative(set).string()));
  }
  std::ranges::sort(lines);
  return joined(lines, "");
}

/// Whether a packed set holds what it held when it was made. A crash, a full disk or a tidy user may have cut it.
bool is_whole(const fs::path& set) {
  try {
    return read_regular_file(set / inventory, most_bytes_of_notes) == inventory_of(set);
  } catch (const BadInput&) {
    return false;
  }
}

/// The packed pictures of a folder. They lie in the cache under a number of the folder and size, and below it under the
/// fingerprint of the pictures, so that a changed folder is packed anew, and so is a damaged set; older ones go.
fs::path packed(const fs::path& folder, PictureLayout layout, const FolderOptions& options,
                const DatasetRequest& request) {
  const PictureFolder pictures = list_pictures(folder, layout);
  const std::string source =
      fmt::format("{}\n{}\n{}\n{}\n{}", fs::canonical(folder).string(), request.resize, request.crop,
                  layout == PictureLayout::clips ? "clips" : "classes", cache_version);
  const fs::path place = cache_folder() / "packed" / fmt::format("{:016x}", hash_of(source));
  const fs::path wanted = place / fmt::format("{:016x}", fingerprint(pictures));
  std::error_code fault;
  fs::create_directories(place, fault);
  if (fault) throw WriteError(fmt::format("{}: cannot be made ({})", place.string(), fault.message()));
  const PatientLock lock(place, request.progress);
  if (is_whole(wanted) && !(options.strict && fs::exists(wanted / "broken.txt", fault))) return wanted;
  fs::remove_all(wanted);
  for (const auto& older : fs::directory_iterator(place)) fs::remove_all(older.path(), fault);
  pack_pictures(pictures, wanted,
                {.side = request.resize, .crop = request.crop, .strict = options.strict, .progress = request.progress});
  write_file(wanted / inventory, inventory_of(wanted));
  return wanted;
}

/// folder: of the pictures.
ArrayImages read_packed(const fs::path& set, Split split, const fs::path& folder) {
  try {
    return read_array_images(find_packed(set, split));
  } catch (const BadInput& damage) {
    bad_input("{}; it is made of the pictures in {}: remove {} and it is made anew", damage.what(), folder.string(),
              set.string());
  }
}

class PackedPictures : public FileDataset {
 public:
  static constexpr Traits traits{.from_files = true};

 protected:
  /// name: of the data set.
  PackedPictures(const char* name, PictureLayout layout, const FolderOptions& options, const DatasetRequest& request) {
    const fs::path folder = path_of_data(name, options.path, request);
    if (request.resize == 0) {
      bad_input("{}: pictures have sizes of their own; say which one they get, for example {}, or {}", folder.string(),
                wording::setting("data.resize", "32"), wording::command("data --size 32"));
    }
    const fs::path set = packed(folder, layout, options, request);
    if (request.split == Split::test && !fs::exists(set / "test")) {
      throw MissingSplit(
          fmt::format("{}: has no test pictures; put the pictures into train/ and test/ in it", folder.string()));
    }
    ArrayImages images = read_packed(set, request.split, folder);
    DatasetRequest as_packed = request;
    as_packed.crop = 1;  // done when they were packed
    open(std::move(images.records), std::move(images.labels), std::move(images.class_names), as_packed);
    take_clips(std::move(images.clips));
    note_broken(folder, set);
  }

 private:
  void note_broken(const fs::path& folder, const fs::path& set) {
    const fs::path list = set / "broken.txt";
    if (!is_there(list)) return;
    const std::string text = read_regular_file(list, most_bytes_of_notes);
    notes_.push_back(fmt::format("{}: {} pictures are broken and were skipped; {} names them", folder.string(),
                                 std::ranges::count(text, '\n'), list.string()));
  }
};

class FolderDataset final : public PackedPictures {
 public:
  FolderDataset(const FolderOptions& options, const DatasetRequest& request)
      : PackedPictures("folder", PictureLayout::classes, options, request) {}
};

class ClipsDataset final : public PackedPictures {
 public:
  ClipsDataset(const FolderOptions& options, const DatasetRequest& request)
      : PackedPictures("clips", PictureLayout::clips, options, request) {}
};

const Registration<DatasetRegistry, FolderDataset, FolderOptions> folder_registration(
    "folder", "pictures (JPEG, PNG, WebP), a folder a class or without classes; scaled to data.resize");
const Registration<DatasetRegistry, ClipsDataset, FolderOptions> clips_registration(
    "clips", "frames of videos (JPEG, PNG, WebP), a folder a clip, in folders of classes or not; for views \"frames\"");

}  // namespace
}  // namespace biossl
