#pragma once

#include <filesystem>

namespace biossl {

/// An empty folder in which something is made before it gets its final name. It is removed with the object, and so is
/// what is still in it. It lies in a folder of the given name, beside a file that marks that folder as this program's
/// and that is locked as long as the object lives: what a killed process left is taken over, what another process is
/// at work in is not, and what somebody else has put there stays.
class StagingFolder {
 public:
  /// Name of the file that marks a folder; one with it, and an empty one, is taken over.
  static constexpr const char* mark = ".unfinished-work-of-biossl";

  /// Throws WriteError if it cannot be made, or if something else has the name; InUse if another process has it.
  explicit StagingFolder(std::filesystem::path path);
  StagingFolder(const StagingFolder&) = delete;
  StagingFolder& operator=(const StagingFolder&) = delete;
  ~StagingFolder();

  const std::filesystem::path& path() const { return path_; }

 private:
  /// The folder of the given name and its locked mark. Both go with the object.
  class Claim {
   public:
    explicit Claim(std::filesystem::path folder);
    Claim(const Claim&) = delete;
    Claim& operator=(const Claim&) = delete;
    ~Claim();

    const std::filesystem::path& folder() const { return folder_; }

   private:
    bool take();

    std::filesystem::path folder_, mark_;
    int descriptor_ = -1;  // of the mark
  };

  Claim claim_;
  std::filesystem::path path_;
};

/// Creates a folder and those above it, where they are missing. Throws WriteError.
void make_folder(const std::filesystem::path& folder);
/// Writes all that is below a path to disk, so that a rename makes nothing visible that a power cut would take. Throws
/// WriteError.
void flush_to_disk(const std::filesystem::path& path);
/// Renames a file or folder. Throws WriteError naming `to`.
void put_in_place(const std::filesystem::path& from, const std::filesystem::path& to);

}  // namespace biossl
