#include "tests/support/tar.h"

#include <archive.h>
#include <archive_entry.h>

#include <memory>
#include <stdexcept>

namespace biossl::testing {
namespace {

unsigned type_of(char letter) {
  switch (letter) {
    case 'd':
      return AE_IFDIR;
    case 's':
      return AE_IFLNK;
    case 'p':
      return AE_IFIFO;
    case 'c':
      return AE_IFCHR;
    default:
      return AE_IFREG;
  }
}

la_ssize_t append(archive* /*handle*/, void* text, const void* bytes, std::size_t length) {
  static_cast<std::string*>(text)->append(static_cast<const char*>(bytes), length);
  return static_cast<la_ssize_t>(length);
}

void require(bool succeeded) {
  if (!succeeded) throw std::runtime_error("the archive of a test cannot be written");
}

}  // namespace

std::string tar_gz(const std::vector<TarEntry>& entries) {
  std::string text;
  const std::unique_ptr<archive, decltype(&archive_write_free)> tar(archive_write_new(), &archive_write_free);
  require(archive_write_set_format_ustar(tar.get()) == ARCHIVE_OK);
  require(archive_write_add_filter_gzip(tar.get()) == ARCHIVE_OK);
  require(archive_write_set_bytes_in_last_block(tar.get(), 1) == ARCHIVE_OK);  // no zeros behind it
  require(archive_write_open(tar.get(), &text, nullptr, append, nullptr) == ARCHIVE_OK);
  for (const TarEntry& entry : entries) {
    const std::unique_ptr<archive_entry, decltype(&archive_entry_free)> header(archive_entry_new(),
                                                                               &archive_entry_free);
    archive_entry_set_pathname(header.get(), entry.path.c_str());
    archive_entry_set_filetype(header.get(), type_of(entry.type));
    archive_entry_set_perm(header.get(), entry.mode);
    archive_entry_set_size(header.get(), static_cast<la_int64_t>(entry.data.size()));
    if (entry.type == 's') archive_entry_set_symlink(header.get(), entry.target.c_str());
    if (entry.type == 'h') archive_entry_set_hardlink(header.get(), entry.target.c_str());
    require(archive_write_header(tar.get(), header.get()) == ARCHIVE_OK);
    require(archive_write_data(tar.get(), entry.data.data(), entry.data.size()) >= 0);
  }
  require(archive_write_close(tar.get()) == ARCHIVE_OK);
  return text;
}

}  // namespace biossl::testing
