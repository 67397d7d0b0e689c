#include "biossl/core/staging_folder.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "biossl/core/atomic_file.h"
#include "biossl/core/error.h"

namespace biossl {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void cannot(const fs::path& path, const char* doing, const std::error_code& fault) {
  throw WriteError(fmt::format("{}: {} ({})", path.string(), doing, fault.message()));
}

}  // namespace

StagingFolder::StagingFolder(fs::path path) : path_(std::move(path)) {
  remove();
  make_folder(path_);
}

StagingFolder::~StagingFolder() { remove(); }

void StagingFolder::remove() const {
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
