#include "biossl/core/atomic_file.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "biossl/core/error.h"
#include "biossl/core/file_lock.h"

namespace biossl {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view temporary_ending = ".writing";

/// Whether this is a link of /proc to a file that a process has open; such a file may have no name.
bool is_of_proc(const fs::path& link) {
  struct statfs system {};
  return statfs((link.has_parent_path() ? link.parent_path() : ".").c_str(), &system) == 0 &&
         system.f_type == PROC_SUPER_MAGIC;
}

/// Follows symbolic links to their end, except links in a circle and links to open files.
fs::path behind_links(fs::path path) {
  constexpr int most_links = 40;  // the kernel's own limit
  std::error_code fault;
  for (int links = 0; links < most_links && fs::is_symlink(path, fault) && !is_of_proc(path); ++links) {
    const fs::path next = fs::read_symlink(path, fault);
    if (fault) break;
    path = path.parent_path() / next;
  }
  return path;
}

/// Whether the target of a name is written to directly (no regular file).
bool is_written_through(const fs::path& target, const struct stat& status) {
  return !S_ISREG(status.st_mode) || fs::is_symlink(target);
}

fs::path folder_of(const fs::path& file) { return file.has_parent_path() ? file.parent_path() : "."; }

bool may(const fs::path& path, int what) { return faccessat(AT_FDCWD, path.c_str(), what, AT_EACCESS) == 0; }

/// Makes a rename in this folder durable.
void sync_folder(const fs::path& file) {
  const int descriptor = open(folder_of(file).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;
  fsync(descriptor);
  close(descriptor);
}

bool write_all(int descriptor, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return true;
}

/// Waits until what was written is on disk. A pipe or a device has nothing to wait for.
bool is_on_disk(int descriptor) {
  return fsync(descriptor) == 0 || errno == EINVAL || errno == ENOTSUP || errno == EROFS;
}

[[noreturn]] void cannot(const fs::path& path, const char* doing, int fault) {
  throw WriteError(fmt::format("{}: {} ({})", path.string(), doing, std::strerror(fault)));
}

}  // namespace

AtomicFile::AtomicFile(fs::path path) : path_(std::move(path)), target_(behind_links(path_)) {
  struct stat old {};
  const bool exists = stat(target_.c_str(), &old) == 0;
  if (!exists && errno != ENOENT) give_up("cannot be created");
  if (exists && is_written_through(target_, old)) {
    descriptor_ = open(target_.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
    if (descriptor_ < 0) give_up("cannot be written");
    return;
  }
  if (exists && !may(target_, W_OK)) give_up("cannot be written");
  open_temporary();
  if (exists) static_cast<void>(fchmod(descriptor_, old.st_mode & 0777));  // some file systems have no permissions
}

/// A temporary file is locked by its writer. One that can be locked was left by a killed process.
void AtomicFile::open_temporary() {
  fs::path name = target_;
  name += temporary_ending;
  do {
    if (descriptor_ >= 0) close(descriptor_);  // its writer has just renamed or removed it
    descriptor_ = open(name.c_str(), O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (descriptor_ < 0) give_up("cannot be created");
    if (!lock_file(descriptor_)) {
      close(descriptor_);
      throw InUse(fmt::format("{}: another process is writing it; try again when it has ended", path_.string()));
    }
  } while (!is_called(descriptor_, name));
  temporary_ = name;
  if (ftruncate(descriptor_, 0) == 0) return;
  const int fault = errno;
  close(descriptor_);
  cannot(path_, "cannot be written", fault);
}

AtomicFile::~AtomicFile() {
  if (!temporary_.empty()) unlink(temporary_.c_str());
  if (descriptor_ >= 0) close(descriptor_);
}

void AtomicFile::write(std::span<const std::byte> bytes) {
  if (!write_all(descriptor_, bytes)) give_up("cannot be written");
}

void AtomicFile::write(std::string_view text) { write(std::as_bytes(std::span(text.data(), text.size()))); }

void AtomicFile::replace_start(std::span<const std::byte> bytes) {
  constexpr const char* doing = "cannot be written anew at its start";
  if (temporary_.empty()) cannot(path_, doing, ESPIPE);
  const ssize_t written = pwrite(descriptor_, bytes.data(), bytes.size(), 0);
  if (written < 0) give_up(doing);
  if (written != static_cast<ssize_t>(bytes.size())) cannot(path_, doing, EIO);
}

void AtomicFile::commit() {
  if (temporary_.empty()) {
    if (close(std::exchange(descriptor_, -1)) != 0) give_up("cannot be closed");
    return;
  }
  if (fsync(descriptor_) != 0) give_up("cannot be flushed to disk");
  // On a file system without locks, another process may have taken the name over; its file is not ours to remove.
  if (!is_called(descriptor_, temporary_)) {
    const fs::path name = std::exchange(temporary_, {});
    throw WriteError(
        fmt::format("{}: cannot be renamed into place, as another process has removed or replaced {}; let one process "
                    "alone write it",
                    path_.string(), name.string()));
  }
  if (std::rename(temporary_.c_str(), target_.c_str()) != 0) give_up("cannot be renamed into place");
  temporary_.clear();
  close(std::exchange(descriptor_, -1));  // last, because it holds the lock
  sync_folder(target_);
}

void AtomicFile::give_up(const char* doing) const { cannot(path_, doing, errno); }

void write_file(const fs::path& path, std::string_view text) {
  AtomicFile file(path);
  file.write(text);
  file.commit();
}

void append_to_file(const fs::path& path, std::string_view text) {
  const int descriptor = open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (descriptor < 0) cannot(path, "cannot be written", errno);
  struct stat before {};
  const bool is_new = fstat(descriptor, &before) == 0 && S_ISREG(before.st_mode) && before.st_size == 0;
  const bool written =
      write_all(descriptor, std::as_bytes(std::span(text.data(), text.size()))) && is_on_disk(descriptor);
  const int fault = errno;
  const bool closed = close(descriptor) == 0;
  if (!written || !closed) cannot(path, "cannot be written", written ? errno : fault);
  if (is_new) sync_folder(path);
}

void require_writable(const fs::path& path) {
  const fs::path target = behind_links(path);
  const fs::path folder = folder_of(target);
  struct stat status {};
  const bool exists = stat(target.c_str(), &status) == 0;
  if (exists && S_ISDIR(status.st_mode)) {
    throw std::invalid_argument(fmt::format("{}: is a folder; name a file in it", path.string()));
  }
  if (exists && !may(target, W_OK)) cannot(path, "cannot be written", errno);
  if (exists && is_written_through(target, status)) return;
  std::error_code unknown;
  if (!fs::is_directory(folder, unknown)) {
    throw std::invalid_argument(
        fmt::format("{}: there is no folder {}; make it first, or name another place", path.string(), folder.string()));
  }
  if (!may(folder, W_OK | X_OK)) cannot(path, "cannot be created", errno);
}

void require_writable_folder(const fs::path& folder) {
  fs::path there = fs::absolute(folder);
  std::error_code unknown;
  while (!fs::exists(fs::symlink_status(there, unknown)) && there.has_relative_path()) there = there.parent_path();
  if (!fs::is_directory(there, unknown)) {
    throw std::invalid_argument(
        fmt::format("{}: is no folder and cannot become one, as {} is none", folder.string(), there.string()));
  }
  if (!may(there, W_OK | X_OK)) cannot(folder, "cannot be written to", errno);
}

bool is_replaced_whole(const fs::path& path) {
  const fs::path target = behind_links(path);
  struct stat status {};
  return stat(target.c_str(), &status) != 0 || !is_written_through(target, status);
}

void remove_unfinished_files(const fs::path& folder) {
  std::error_code fault;  // a file that cannot be removed does no harm
  for (const auto& entry : fs::directory_iterator(folder, fault)) {
    if (!entry.path().string().ends_with(temporary_ending) || !entry.is_regular_file(fault)) continue;
    const int descriptor = open(entry.path().c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (descriptor < 0) continue;
    if (lock_file(descriptor) && is_called(descriptor, entry.path())) unlink(entry.path().c_str());
    close(descriptor);
  }
}

}  // namespace biossl
