#include "biossl/io/checksum.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include "biossl/core/error.h"

namespace biossl {
namespace {

/// A file that is read from its start to its end.
class Reader {
 public:
  explicit Reader(std::filesystem::path path)
      : path_(std::move(path)), descriptor_(open(path_.c_str(), O_RDONLY | O_CLOEXEC)) {
    if (descriptor_ < 0) give_up();
  }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;
  ~Reader() { close(descriptor_); }

  std::int64_t size() const {
    struct stat status {};
    return fstat(descriptor_, &status) == 0 ? status.st_size : 0;
  }

  /// The number of bytes read; 0 at the end.
  std::size_t read(std::vector<unsigned char>& to) const {
    ssize_t got = 0;
    do {
      got = ::read(descriptor_, to.data(), to.size());
    } while (got < 0 && errno == EINTR);
    if (got < 0) give_up();
    return static_cast<std::size_t>(got);
  }

 private:
  [[noreturn]] void give_up() const { bad_input("{}: cannot be read ({})", path_.string(), std::strerror(errno)); }

  std::filesystem::path path_;
  int descriptor_;
};

void require(bool succeeded) {
  if (!succeeded) throw std::runtime_error("OpenSSL computes no SHA-256 here; is it set up to forbid that?");
}

}  // namespace

std::string sha256_of(const std::filesystem::path& path, const Progress& progress) {
  const Reader reader(path);
  const std::int64_t size = reader.size();
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  require(context != nullptr && EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) == 1);
  std::vector<unsigned char> piece(std::size_t{1} << 20);
  std::int64_t done = 0;
  while (const std::size_t got = reader.read(piece)) {
    require(EVP_DigestUpdate(context.get(), piece.data(), got) == 1);
    done += static_cast<std::int64_t>(got);
    if (progress) progress(done, size, "");
  }
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  require(EVP_DigestFinal_ex(context.get(), digest.data(), &length) == 1);
  std::string text;
  for (unsigned i = 0; i < length; ++i) text += fmt::format("{:02x}", digest[i]);
  return text;
}

}  // namespace biossl
