#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "biossl/io/byte_source.h"

namespace biossl {

/// The members of a ZIP file, as numpy.savez and numpy.savez_compressed write it: stored or deflated, ZIP64 too.
class ZipFile {
 public:
  /// Throws BadInput, naming the file, if its directory cannot be read.
  explicit ZipFile(const std::filesystem::path& path);

  /// Names of the members, in the order of the file.
  std::vector<std::string> names() const;
  bool contains(std::string_view name) const;
  /// The bytes of a member: read where they lie if it is stored, unpacked into memory otherwise. A source's name is
  /// "FILE: MEMBER". Throws BadInput for a member that is missing, encrypted, damaged, or packed by other means.
  std::shared_ptr<const ByteSource> open(std::string_view name) const;

 private:
  struct Member {
    std::string name;
    std::uint64_t flags, method, checksum, packed, size, header;
  };

  void read_directory(std::int64_t at, std::int64_t size, std::uint64_t count);

  std::shared_ptr<const ByteSource> file_;
  std::vector<Member> members_;
};

}  // namespace biossl
