#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string_view>

namespace biossl {

/// A file being written that appears under its name whole or not at all: bytes go to a temporary neighbour,
/// NAME.writing, and `commit` flushes it to disk and renames it. Destroyed without `commit`, it leaves nothing behind;
/// what a killed process left is taken over by the next one that writes a file of this name.
/// A symbolic link stays: the file that it leads to is the one that is replaced. What is no regular file (a device, a
/// pipe, /dev/stdout) is never replaced: bytes are written to it as they come.
/// Throws WriteError naming the file, InUse where another process is writing it.
class AtomicFile {
 public:
  explicit AtomicFile(std::filesystem::path path);
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  ~AtomicFile();

  void write(std::span<const std::byte> bytes);
  void write(std::string_view text);
  void commit();

 private:
  void open_temporary();
  [[noreturn]] void give_up(const char* doing) const;

  std::filesystem::path path_;       // as it was named
  std::filesystem::path target_;     // behind the links
  std::filesystem::path temporary_;  // empty where there is none, or no longer
  int descriptor_ = -1;
};

void write_file(const std::filesystem::path& path, std::string_view text);
/// Adds to the end of a file, which is made where there is none. Throws WriteError.
void append_to_file(const std::filesystem::path& path, std::string_view text);

/// Looks, before long work, whether an AtomicFile of this name could be written, and touches nothing. Throws
/// std::invalid_argument where its folder does not exist or the name is a folder's, WriteError where the system forbids
/// to write there.
void require_writable(const std::filesystem::path& path);
/// The same of a folder that files are to be written in: one that exists, or that can be made with its parents.
void require_writable_folder(const std::filesystem::path& folder);
/// Whether an AtomicFile of this name is, or would become, a regular file.
bool is_replaced_whole(const std::filesystem::path& path);
/// Removes the temporary files that killed processes left in a folder.
void remove_unfinished_files(const std::filesystem::path& folder);

}  // namespace biossl
