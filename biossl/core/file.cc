#include "biossl/core/file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include "biossl/core/error.h"

namespace biossl {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t largest_stream = std::size_t{64} << 20;

int open_for_reading(const fs::path& path, int flags, struct stat& status) {
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC | flags);
  if (descriptor < 0) bad_input("{}: cannot be read ({})", path.string(), std::strerror(errno));
  if (fstat(descriptor, &status) == 0 && !S_ISDIR(status.st_mode)) return descriptor;
  close(descriptor);
  bad_input("{}: is not a file", path.string());
}

/// Refuses pipes and devices, and waits for none: an open that may block waits for a pipe's writer, who may never come.
int open_regular(const fs::path& path, struct stat& status) {
  const int descriptor = open_for_reading(path, O_NONBLOCK, status);
  if (S_ISREG(status.st_mode) && fcntl(descriptor, F_SETFL, 0) == 0) return descriptor;
  close(descriptor);
  bad_input("{}: is a pipe or a device; save it as a file first", path.string());
}

/// Reads to the end. Returns false, with errno, on an error or if there are more than `most` bytes.
bool read_all(int descriptor, std::size_t most, std::string& text) {
  std::array<char, 1 << 16> piece{};
  while (true) {
    const ssize_t got = read(descriptor, piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return got == 0;
    text.append(piece.data(), static_cast<std::size_t>(got));
    if (text.size() <= most) continue;
    errno = EFBIG;
    return false;
  }
}

/// Closes the descriptor.
std::string text_of(const fs::path& path, int descriptor, std::size_t most) {
  std::string text;
  const bool whole = read_all(descriptor, most, text);
  const int fault = errno;
  close(descriptor);
  if (whole) return text;
  if (text.size() > most) bad_input("{}: does not end within {} MiB; is it meant?", path.string(), most >> 20);
  bad_input("{}: cannot be read ({})", path.string(), std::strerror(fault));
}

}  // namespace

bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

std::string read_file(const fs::path& path) {
  struct stat status {};
  const int descriptor = open_for_reading(path, 0, status);
  return text_of(path, descriptor, S_ISREG(status.st_mode) ? std::string::npos : largest_stream);
}

std::string read_regular_file(const fs::path& path, std::int64_t most) {
  struct stat status {};
  const int descriptor = open_regular(path, status);
  if (status.st_size <= most) return text_of(path, descriptor, static_cast<std::size_t>(most));
  close(descriptor);
  bad_input("{}: has {} bytes, and at most {} MiB are read of such a file; is it meant?", path.string(), status.st_size,
            most >> 20);
}

MappedFile::MappedFile(const fs::path& path) {
  struct stat status {};
  const int descriptor = open_regular(path, status);
  const auto size = static_cast<std::size_t>(status.st_size);
  void* start = size == 0 ? nullptr : mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor, 0);
  const int fault = errno;
  close(descriptor);
  if (start == MAP_FAILED) bad_input("{}: cannot be mapped ({})", path.string(), std::strerror(fault));
  bytes_ = {static_cast<const std::byte*>(start), size};
}

MappedFile::MappedFile(MappedFile&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
}

RandomAccessFile::RandomAccessFile(fs::path path) : path_(std::move(path)) {
  struct stat status {};
  descriptor_ = open_regular(path_, status);
  size_ = status.st_size;
}

RandomAccessFile::RandomAccessFile(RandomAccessFile&& other) noexcept
    : path_(std::move(other.path_)), descriptor_(std::exchange(other.descriptor_, -1)), size_(other.size_) {}

RandomAccessFile::~RandomAccessFile() {
  if (descriptor_ >= 0) close(descriptor_);
}

void RandomAccessFile::read(std::int64_t at, std::span<std::byte> to) const {
  while (!to.empty()) {
    const ssize_t got = pread(descriptor_, to.data(), to.size(), at);
    if (got < 0 && errno == EINTR) continue;
    if (got == 0) bad_input("{}: ends at byte {}, where more was expected; has it been changed?", path_.string(), at);
    if (got < 0) bad_input("{}: byte {}: cannot be read ({})", path_.string(), at, std::strerror(errno));
    to = to.subspan(static_cast<std::size_t>(got));
    at += got;
  }
}

}  // namespace biossl
