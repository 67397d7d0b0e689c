#include "biossl/data/picture_folder.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "biossl/core/error.h"
#include "biossl/core/file.h"
#include "biossl/core/one_line.h"
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

/// Whether reading it might never end. What a link leads to that is broken is no stream.
bool is_stream(const fs::path& path) {
  std::error_code ignored;
  const fs::file_type type = fs::status(path, ignored).type();
  return type == fs::file_type::fifo || type == fs::file_type::socket || type == fs::file_type::character ||
         type == fs::file_type::block;
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

/// The frames of a clip, in the order of time, and the folders below the listed one that lead to them.
struct Clip {
  std::vector<std::string> folders;
  Files frames;
};

/// The first item of each class, then the second of each that has one, and so on.
template <class Item>
std::vector<std::pair<std::int32_t, Item>> in_turns(std::map<std::string, std::vector<Item>>& classes) {
  std::vector<std::pair<std::int32_t, Item>> turns;
  std::size_t longest = 0;
  for (const auto& [name, items] : classes) longest = std::max(longest, items.size());
  for (std::size_t turn = 0; turn < longest; ++turn) {
    std::int32_t label = 0;
    for (auto& [name, items] : classes) {
      if (turn < items.size()) turns.emplace_back(label, std::move(items[turn]));
      ++label;
    }
  }
  return turns;
}

template <class Item>
std::vector<std::string> names_of(const std::map<std::string, Item>& classes) {
  std::vector<std::string> names;
  for (const auto& [name, items] : classes) names.push_back(name);
  return names;
}

class Lister {
 public:
  explicit Lister(PictureLayout layout) : layout_(layout) {}

  PictureFolder list(const fs::path& folder) {
    if (!is_there(folder)) bad_input("{}: there is no such folder", folder.string());
    if (!is_folder(folder)) bad_input("{}: is no folder of pictures", folder.string());
    listed_.has_splits = tells_splits_apart(folder);
    if (!listed_.has_splits) {
      listed_.train = list_split(folder);
    } else {
      listed_.train = list_split(folder / "train");
      if (is_folder(folder / "test")) listed_.test = list_split(folder / "test");
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

  PictureList list_split(const fs::path& folder) {
    PictureList list = layout_ == PictureLayout::clips ? list_clips(folder) : list_classes(folder);
    if (list.files.empty()) {
      bad_input("{}: holds no pictures that end in .jpg, .jpeg, .png or .webp", folder.string());
    }
    return list;
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
    if (classes.empty()) return {.files = std::move(loose), .classes = {}};
    PictureList list{.files = {}, .classes = names_of(classes)};
    for (auto& [label, file] : in_turns(classes)) {
      file.label = label;
      list.files.push_back(std::move(file));
    }
    return list;
  }

  PictureList list_clips(const fs::path& folder) {
    std::vector<Clip> clips;
    collect_clips(folder, {}, {}, clips);
    if (clips.empty()) return {};
    const auto depth = [](const Clip& clip) { return clip.folders.size(); };
    const auto [upper, lower] = std::ranges::minmax(clips, {}, depth);
    const bool has_classes = depth(lower) > 1;
    if (has_classes ? depth(upper) < 2 : depth(upper) == 0 && clips.size() > 1) {
      bad_input("{}: holds frames ({}) beside deeper ones ({}); put each clip into a folder, or each into a class's",
                folder.string(), fs::relative(upper.frames.front().path, folder).string(),
                fs::relative(lower.frames.front().path, folder).string());
    }
    std::map<std::string, std::vector<Files>> classes;
    for (Clip& clip : clips) classes[has_classes ? clip.folders.front() : ""].push_back(std::move(clip.frames));
    PictureList list;
    if (has_classes) list.classes = names_of(classes);
    for (auto& [label, frames] : in_turns(classes)) {
      for (PictureFile& frame : frames) {
        frame.label = label;
        frame.clip = list.clips;
        list.files.push_back(std::move(frame));
      }
      ++list.clips;
    }
    return list;
  }

  /// Every folder with pictures in it. `above`: the folders that lead to this one; `below`: their names from the
  /// listed folder on.
  void collect_clips(const fs::path& folder, std::vector<fs::path> above, const std::vector<std::string>& below,
                     std::vector<Clip>& clips) {
    std::error_code fault;
    const fs::path itself = fs::canonical(folder, fault);
    if (fault || std::ranges::count(above, itself) > 0) return;  // a link that leads back
    above.push_back(itself);
    Clip clip{.folders = below, .frames = {}};
    std::vector<fs::path> deeper;
    for (const fs::path& entry : entries_of(folder))
      is_folder(entry) ? deeper.push_back(entry) : take(entry, clip.frames);
    std::ranges::sort(clip.frames, natural_less,
                      [](const PictureFile& frame) { return frame.path.filename().string(); });
    if (!clip.frames.empty()) clips.push_back(std::move(clip));
    for (const fs::path& entry : deeper) {
      std::vector<std::string> names = below;
      names.push_back(entry.filename().string());
      collect_clips(entry, above, names, clips);
    }
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
      PictureFile file = described(entry);
      // Regular files have a size. A broken link is listed, so that it is named.
      if (file.size >= 0 || !is_stream(entry)) return files.push_back(std::move(file));
    }
    ++listed_.foreign_files;
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
        bad_input("{}: has a class {} that train/ beside it lacks{}", folder.string(), one_line(name),
                  suggestion(name, known));
      }
      number.push_back(static_cast<std::int32_t>(found - known.begin()));
    }
    if (known.empty()) return;
    for (PictureFile& file : test.files) file.label = number[static_cast<std::size_t>(file.label)];
    test.classes = known;
  }

  PictureLayout layout_;
  PictureFolder listed_;
};

}  // namespace

PictureFolder list_pictures(const fs::path& folder, PictureLayout layout) { return Lister(layout).list(folder); }

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
