#include "biossl/io/archive.h"

#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <new>
#include <set>
#include <string>
#include <string_view>

#include "biossl/core/error.h"
#include "biossl/core/text.h"

namespace biossl {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t block_bytes = std::size_t{1} << 18;

using ReadArchive = std::unique_ptr<archive, decltype(&archive_read_free)>;
using WriteDisk = std::unique_ptr<archive, decltype(&archive_write_free)>;

std::string reason_of(archive* handle) {
  const char* text = archive_error_string(handle);
  return text != nullptr ? valid_utf8(text) : "for an unknown reason";
}

/// A name from an archive as a message shows it.
std::string shown(std::string_view name) {
  std::string text = valid_utf8(name.substr(0, 200));
  for (char& letter : text) {
    if (is_control(letter)) letter = '?';
  }
  return text;
}

class Unpacker {
 public:
  Unpacker(const fs::path& archive, const fs::path& folder, const ArchiveLimits& limits, const Progress& progress)
      : path_(archive),
        folder_(fs::canonical(folder)),  // so that a link found on a file's way is the archive's
        limits_(limits),
        progress_(progress),
        read_(archive_read_new(), &archive_read_free),
        disk_(archive_write_disk_new(), &archive_write_free) {
    if (read_ == nullptr || disk_ == nullptr) throw std::bad_alloc();
    std::error_code unreadable;
    size_ = static_cast<std::int64_t>(fs::file_size(path_, unreadable));
    if (unreadable) bad_input("{}: cannot be read ({})", path_.string(), unreadable.message());
    archive_read_support_filter_gzip(read_.get());
    archive_read_support_format_tar(read_.get());
    // Absolute paths are refused below: in front of every path stands the folder, which is absolute itself.
    archive_write_disk_set_options(disk_.get(), ARCHIVE_EXTRACT_SECURE_SYMLINKS | ARCHIVE_EXTRACT_SECURE_NODOTDOT);
    if (archive_read_open_filename(read_.get(), path_.c_str(), block_bytes) != ARCHIVE_OK) damaged();
  }

  void unpack() {
    archive_entry* entry = nullptr;
    while (true) {
      const int code = archive_read_next_header(read_.get(), &entry);
      if (code == ARCHIVE_EOF) break;
      if (code < ARCHIVE_WARN) damaged();
      unpack(entry);
    }
    if (archive_write_close(disk_.get()) < ARCHIVE_WARN) cannot_write(folder_.string());
    if (progress_) progress_(size_, size_, "");
  }

 private:
  void unpack(archive_entry* entry) {
    if (++entries_ > limits_.entries) bad_input("{}: holds more than {} entries", path_.string(), limits_.entries);
    const fs::path name = checked_name(entry);
    if (name.empty()) return;  // "./": the folder itself
    const bool is_folder = archive_entry_filetype(entry) == AE_IFDIR;
    if (!is_folder && archive_entry_size(entry) > limits_.bytes - bytes_) too_large();
    const fs::path to = folder_ / name;
    archive_entry_set_pathname(entry, to.c_str());
    archive_entry_set_perm(entry, is_folder ? 0777 : 0666);  // less the umask
    archive_entry_unset_mtime(entry);
    if (archive_write_header(disk_.get(), entry) < ARCHIVE_WARN) cannot_write(to.string());
    if (!is_folder) copy(to);
    if (archive_write_finish_entry(disk_.get()) < ARCHIVE_WARN) cannot_write(to.string());
  }

  /// The path of an entry, without "." and a "/" at the end. Throws BadInput unless it is a file or a folder of its own
  /// below the folder.
  fs::path checked_name(archive_entry* entry) {
    const char* text = archive_entry_pathname(entry);
    if (text == nullptr || *text == '\0') bad_input("{}: holds a name that cannot be read", path_.string());
    const std::string says = fmt::format("{}: holds '{}'", path_.string(), shown(text));
    const auto type = archive_entry_filetype(entry);
    const bool is_link = archive_entry_hardlink(entry) != nullptr || archive_entry_symlink(entry) != nullptr;
    if (is_link || (type != AE_IFREG && type != AE_IFDIR)) {
      bad_input("{}, which is neither a file nor a folder; it is not unpacked", says);
    }
    fs::path name;
    for (const fs::path& part : fs::path(text)) {
      if (part == "..") bad_input("{}, which leads out of its folder; it is not unpacked", says);
      if (part.is_absolute()) bad_input("{}, which is an absolute path; it is not unpacked", says);
      if (!part.empty() && part != ".") name /= part;
    }
    if (type == AE_IFREG && (name.empty() || !files_.insert(name).second)) bad_input("{} twice", says);
    return name;
  }

  void copy(const fs::path& to) {
    const void* block = nullptr;
    std::size_t length = 0;
    la_int64_t at = 0;
    std::int64_t end = 0;
    while (true) {
      const int code = archive_read_data_block(read_.get(), &block, &length, &at);
      if (code == ARCHIVE_EOF) break;
      if (code < ARCHIVE_WARN) damaged();
      end = std::max<std::int64_t>(end, at + static_cast<std::int64_t>(length));
      if (at < 0 || end > limits_.bytes - bytes_) too_large();
      if (archive_write_data_block(disk_.get(), block, length, at) < ARCHIVE_WARN) cannot_write(to.string());
      if (progress_) progress_(std::min<std::int64_t>(archive_filter_bytes(read_.get(), -1), size_ - 1), size_, "");
    }
    bytes_ += end;
  }

  [[noreturn]] void damaged() const {
    const int fault = archive_errno(read_.get());
    if (fault == ENOMEM) throw std::bad_alloc();
    bad_input("{}: is no whole tar archive ({})", path_.string(), reason_of(read_.get()));
  }

  [[noreturn]] void too_large() const {
    bad_input("{}: unpacks to more than {} bytes; it is not what it should be", path_.string(), limits_.bytes);
  }

  [[noreturn]] void cannot_write(const std::string& name) const {
    const int fault = archive_errno(disk_.get());
    throw WriteError(fmt::format("{}: cannot be written ({})", shown(name),
                                 fault > 0 ? std::strerror(fault) : reason_of(disk_.get()).c_str()));
  }

  fs::path path_;
  fs::path folder_;
  ArchiveLimits limits_;
  const Progress& progress_;
  ReadArchive read_;
  WriteDisk disk_;
  std::int64_t size_ = 0;
  std::int64_t bytes_ = 0;  // of all files so far
  std::int64_t entries_ = 0;
  std::set<fs::path> files_;
};

}  // namespace

void unpack_archive(const fs::path& archive, const fs::path& folder, const ArchiveLimits& limits,
                    const Progress& progress) {
  Unpacker(archive, folder, limits, progress).unpack();
}

}  // namespace biossl
