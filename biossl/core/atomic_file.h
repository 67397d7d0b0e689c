#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string_view>

namespace biossl {

/// Writes a file that appears whole or not at all. Bytes go to a temporary file beside it, NAME.writing; `commit`
/// flushes it to disk and renames it. Without `commit`, the destructor removes it. The next writer of the same name
/// takes over what a killed process left.
/// A symbolic link stays; the file that it leads to is replaced. A device, a pipe or /dev/stdout is never replaced:
/// bytes are written to it directly.
/// Throws WriteError naming the file, also where another process has taken the temporary file away; InUse if another
/// process is writing it.
class AtomicFile {
 public:
  explicit AtomicFile(std::filesystem::path path);
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  ~AtomicFile();

  void write(std::span<const std::byte> bytes);
  void write(std::string_view text);
  /// Replaces the first bytes of what has been written. Throws WriteError for what cannot be changed, as a pipe.
  void replace_start(std::span<const std::byte> bytes);
  void commit();

 private:
  void open_temporary();
  [[noreturn]] void give_up(const char* doing) const;

  std::filesystem::path path_;       // as given
  std::filesystem::path target_;     // after following links
  std::filesystem::path temporary_;  // empty without a temporary file
  int descriptor_ = -1;
};

void write_file(const std::filesystem::path& path, std::string_view text);
/// Adds to the end of a file, makes the file if there is none, and flushes it to disk. Throws WriteError.
void append_to_file(const std::filesystem::path& path, std::string_view text);

/// Checks, without changing anything, that an AtomicFile of this name could be written. Throws std::invalid_argument if
/// its folder does not exist or the name is a folder's; WriteError if the system forbids writing there.
void require_writable(const std::filesystem::path& path);
/// The same for a folder of files: it exists, or it can be made with its parents.
void require_writable_folder(const std::filesystem::path& folder);
/// Whether an AtomicFile of this name is or becomes a regular file.
bool is_replaced_whole(const std::filesystem::path& path);
/// Removes the temporary files that killed processes left in a folder.
void remove_unfinished_files(const std::filesystem::path& folder);

}  // namespace biossl
