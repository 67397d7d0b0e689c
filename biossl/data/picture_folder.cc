#include "biossl/data/picture_folder.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "biossl/core/error.h"
#include "biossl/core/random.h"
#include "biossl/core/text.h"
#include "biossl/io/picture.h"

namespace biossl {
namespace {

namespace fs = std::filesystem;

using Files = std::vector<PictureFile>;

bool is_hidden(const fs::path& path) { return path.filename().string().starts_with('.'); }

bool is_folder(const fs::path& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

/// The entries of a folder that are not hidden, sorted by the bytes of their names.
std::vector<fs::path> entries_of(const fs::path& folder) {
  std::error_code fault;
  std::vector<fs::path> entries;
  for (auto entry = fs::directory_iterator(folder, fault); !fault && entry != fs::directory_iterator();
       entry.increment(fault)) {
    if (!is_hidden(entry->path())) entries.push_back(entry->path());
  }
  if (fault) bad_input("{}: cannot be read ({})", folder.string(), fault.message());
  std::ranges::sort(entries, {}, [](const fs::path& path) -> const std::string& { return path.native(); });
  return entries;
}

PictureFile described(const fs::path& path) {
  PictureFile file{.path = path, .label = 0, .size = -1, .changed = 0};
  std::error_code fault;
  const auto size = fs::file_size(path, fault);
  if (!fault) file.size = static_cast<std::int64_t>(size);
  const auto changed = fs::last_write_time(path, fault);
  if (!fault) file.changed = static_cast<std::int64_t>(changed.time_since_epoch().count());
  return file;
}

class Lister {
 public:
  PictureFolder list(const fs::path& folder) {
    if (!is_folder(folder)) bad_input("{}: is no folder of pictures", folder.string());
    listed_.has_splits = tells_splits_apart(folder);
    if (!listed_.has_splits) {
      listed_.train = list_classes(folder);
    } else {
      listed_.train = list_classes(folder / "train");
      if (is_folder(folder / "test")) listed_.test = list_classes(folder / "test");
    }
    if (listed_.test) settle_classes(folder / "test");
    return std::move(listed_);
  }

 private:
  /// A folder train/ beside others than those for testing is a class of its own: trains beside cars.
  static bool tells_splits_apart(const fs::path& folder) {
    const std::array<std::string_view, 5> splits{"train", "test", "val", "valid", "validation"};
    for (const fs::path& entry : entries_of(folder)) {
      if (is_folder(entry) && std::ranges::count(splits, entry.filename().string()) == 0) return false;
    }
    return is_folder(folder / "train");
  }

  PictureList list_classes(const fs::path& folder) {
    Files loose;
    std::map<std::string, Files> classes;  // sorted by name
    const std::vector<fs::path> above{fs::canonical(folder)};
    for (const fs::path& entry : entries_of(folder)) {
      if (!is_folder(entry)) {
        take(entry, loose);
      } else if (Files files; walk(entry, above, files), !files.empty()) {
        classes.emplace(entry.filename().string(), std::move(files));
      }
    }
    if (!loose.empty() && !classes.empty()) {
      bad_input(
          "{}: holds pictures ({}) beside folders of pictures ({}/); put each class into a folder, or all into one",
          folder.string(), loose.front().path.filename().string(), classes.begin()->first);
    }
    if (loose.empty() && classes.empty()) {
      bad_input("{}: holds no pictures that end in .jpg, .jpeg, .png or .webp", folder.string());
    }
    if (classes.empty()) return {.files = std::move(loose), .classes = {}};
    return in_turns(classes);
  }

  /// All pictures below a folder. `above`: the folders that lead to it.
  void walk(const fs::path& folder, std::vector<fs::path> above, Files& files) {
    std::error_code fault;
    const fs::path itself = fs::canonical(folder, fault);
    if (fault || std::ranges::count(above, itself) > 0) return;  // a link that leads back
    above.push_back(itself);
    for (const fs::path& entry : entries_of(folder)) {
      is_folder(entry) ? walk(entry, above, files) : take(entry, files);
    }
  }

  void take(const fs::path& entry, Files& files) {
    if (has_picture_ending(entry)) {
      files.push_back(described(entry));
    } else {
      ++listed_.foreign_files;
    }
  }

  static PictureList in_turns(std::map<std::string, Files>& classes) {
    PictureList list;
    std::size_t longest = 0;
    for (auto& [name, files] : classes) {
      for (PictureFile& file : files) file.label = static_cast<std::int32_t>(list.classes.size());
      list.classes.push_back(name);
      longest = std::max(longest, files.size());
    }
    for (std::size_t turn = 0; turn < longest; ++turn) {
      for (auto& [name, files] : classes) {
        if (turn < files.size()) list.files.push_back(std::move(files[turn]));
      }
    }
    return list;
  }

  /// The test pictures have the numbers of the training pictures' classes.
  void settle_classes(const fs::path& folder) {
    const std::vector<std::string>& known = listed_.train.classes;
    PictureList& test = *listed_.test;
    if (known.empty() != test.classes.empty()) {
      bad_input("{}: has {} where train/ beside it has {}; both need the same classes, or none", folder.string(),
                test.classes.empty() ? "no classes" : "classes", known.empty() ? "none" : "some");
    }
    std::vector<std::int32_t> number;
    for (const std::string& name : test.classes) {
      const auto found = std::ranges::find(known, name);
      if (found == known.end()) {
        bad_input("{}: has a class {} that train/ beside it lacks{}", folder.string(), valid_utf8(name),
                  suggestion(name, known));
      }
      number.push_back(static_cast<std::int32_t>(found - known.begin()));
    }
    if (known.empty()) return;
    for (PictureFile& file : test.files) file.label = number[static_cast<std::size_t>(file.label)];
    test.classes = known;
  }

  PictureFolder listed_;
};

}  // namespace

PictureFolder list_pictures(const fs::path& folder) { return Lister().list(folder); }

std::uint64_t fingerprint(const PictureFolder& pictures) {
  std::string text;
  const auto add = [&](const PictureList& list) {
    for (const PictureFile& file : list.files) {
      text += fmt::format("{}\n{} {}\n", file.path.string(), file.size, file.changed);
    }
    text += '\f';
  };
  add(pictures.train);
  if (pictures.test) add(*pictures.test);
  return hash_of(text);
}

}  // namespace biossl
