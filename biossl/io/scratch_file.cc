#include "biossl/io/scratch_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <system_error>
#include <utility>

#include "biossl/core/error.h"

namespace biossl {

ScratchFile::ScratchFile(std::filesystem::path folder, std::int64_t bytes) : folder_(std::move(folder)) {
  std::string name = (folder_ / "scratch-XXXXXX").string();
  descriptor_ = mkostemp(name.data(), O_CLOEXEC);
  if (descriptor_ < 0) give_up("cannot be made");
  unlink(name.c_str());
  try {
    claim(bytes);
  } catch (...) {
    close(descriptor_);
    throw;
  }
  posix_fadvise(descriptor_, 0, 0, POSIX_FADV_RANDOM);  // only a hint: no read-ahead
}

ScratchFile::~ScratchFile() { close(descriptor_); }

void ScratchFile::claim(std::int64_t bytes) const {
  // Checked first, because an allocation that fails may fill the disk.
  std::error_code unknown;
  const auto room = std::filesystem::space(folder_, unknown);
  if (!unknown && room.available < static_cast<std::uintmax_t>(bytes)) {
    throw WriteError(
        fmt::format("{}: a temporary file of {:.1f} GB has no room there, {:.1f} GB are free; make room first",
                    folder_.string(), static_cast<double>(bytes) / 1e9, static_cast<double>(room.available) / 1e9));
  }
  if (bytes > 0 && fallocate(descriptor_, 0, 0, bytes) != 0 && errno != EOPNOTSUPP && errno != ENOSYS) {
    give_up("gets no room");
  }
}

void ScratchFile::write(std::int64_t at, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = pwrite(descriptor_, bytes.data(), bytes.size(), at);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) give_up("cannot be written");
    bytes = bytes.subspan(static_cast<std::size_t>(written));
    at += written;
  }
}

void ScratchFile::read(std::int64_t at, std::span<std::byte> bytes) const {
  while (!bytes.empty()) {
    const ssize_t got = pread(descriptor_, bytes.data(), bytes.size(), at);
    if (got < 0 && errno == EINTR) continue;
    if (got == 0) errno = EIO;  // end of the file
    if (got <= 0) give_up("cannot be read");
    bytes = bytes.subspan(static_cast<std::size_t>(got));
    at += got;
  }
}

void ScratchFile::expect(std::int64_t at, std::int64_t bytes) const {
  posix_fadvise(descriptor_, at, bytes, POSIX_FADV_WILLNEED);
}

void ScratchFile::give_up(const char* doing) const {
  throw WriteError(fmt::format("{}: a temporary file {} there ({})", folder_.string(), doing, std::strerror(errno)));
}

}  // namespace biossl
