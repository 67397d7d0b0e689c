#include "biossl/core/staging_folder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <system_error>
#include <utility>

#include "biossl/core/error.h"
#include "biossl/core/file_lock.h"

namespace biossl {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void cannot(const fs::path& path, const char* doing, const std::error_code& fault) {
  throw WriteError(fmt::format("{}: {} ({})", path.string(), doing, fault.message()));
}

std::error_code last_fault() { return {errno, std::generic_category()}; }

/// What stands under the name of a staging folder.
enum class Standing : std::uint8_t { nothing, empty_folder, full_folder, something_else };

Standing standing_of(const fs::path& folder) {
  std::error_code fault;
  const fs::file_type type = fs::symlink_status(folder, fault).type();
  if (type == fs::file_type::not_found) return Standing::nothing;
  if (type != fs::file_type::directory) return Standing::something_else;
  const bool is_empty = fs::is_empty(folder, fault);
  if (fault == std::errc::no_such_file_or_directory) return Standing::nothing;
  return !fault && is_empty ? Standing::empty_folder : Standing::full_folder;
}

[[noreturn]] void refuse(const fs::path& folder) {
  throw WriteError(fmt::format("{}: unfinished work needs this name, and something else stands there; move it away",
                               folder.string()));
}

}  // namespace

StagingFolder::Claim::Claim(fs::path folder) : folder_(std::move(folder)), mark_(folder_ / mark) {
  if (folder_.has_parent_path()) make_folder(folder_.parent_path());
  while (!take()) {
  }
}

/// Returns false if the process that had the name has removed the folder meanwhile. A process that is killed before it
/// has made the mark leaves an empty folder, so one is taken over without a mark.
bool StagingFolder::Claim::take() {
  if (mkdir(folder_.c_str(), 0777) != 0 && errno != EEXIST) cannot(folder_, "cannot be made", last_fault());
  const Standing before = standing_of(folder_);
  if (before == Standing::something_else) refuse(folder_);
  const int may_make = before == Standing::empty_folder ? O_CREAT : 0;
  const int descriptor = open(mark_.c_str(), O_RDWR | O_NOFOLLOW | O_CLOEXEC | may_make, 0666);
  if (descriptor < 0) {
    const std::error_code fault = last_fault();
    if (fault != std::errc::no_such_file_or_directory) cannot(mark_, "cannot be opened", fault);
    if (standing_of(folder_) == Standing::full_folder) refuse(folder_);
    return false;
  }
  if (!lock_file(descriptor)) {
    close(descriptor);
    throw InUse(fmt::format("{}: another process is at work in it; try again when it has ended", folder_.string()));
  }
  if (is_called(descriptor, mark_)) {
    descriptor_ = descriptor;
    return true;
  }
  close(descriptor);
  return false;
}

/// The mark goes after the content of the folder. Where another process has made its own by then, the folder stays.
StagingFolder::Claim::~Claim() {
  unlink(mark_.c_str());
  close(descriptor_);
  rmdir(folder_.c_str());
}

StagingFolder::StagingFolder(fs::path path) : claim_(std::move(path)), path_(claim_.folder() / "content") {
  std::error_code fault;
  fs::remove_all(path_, fault);
  if (fault) cannot(path_, "is left by an earlier process and cannot be removed", fault);
  make_folder(path_);
}

StagingFolder::~StagingFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

void make_folder(const fs::path& folder) {
  std::error_code fault;
  fs::create_directories(folder, fault);
  if (fault) cannot(folder, "cannot be made", fault);
}

void flush_to_disk(const fs::path& path) {
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  const bool flushed = descriptor >= 0 && syncfs(descriptor) == 0;
  const std::error_code fault(errno, std::generic_category());
  if (descriptor >= 0) close(descriptor);
  if (!flushed) cannot(path, "cannot be flushed to disk", fault);
}

void put_in_place(const fs::path& from, const fs::path& to) {
  std::error_code fault;
  fs::rename(from, to, fault);
  if (fault) cannot(to, "cannot be put in place", fault);
}

}  // namespace biossl
