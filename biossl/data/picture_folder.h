#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace biossl {

/// A picture file and what tells whether it has changed.
struct PictureFile {
  std::filesystem::path path;
  std::int32_t label = 0;    ///< of its class; 0 without classes
  std::int64_t size = 0;     ///< bytes; -1 if the system does not say
  std::int64_t changed = 0;  ///< time of its last change, as the file system counts
};

/// The pictures to train on or to test on. The first picture of each class comes before the second of any, so that the
/// first N pictures hold all classes evenly.
struct PictureList {
  std::vector<PictureFile> files;
  std::vector<std::string> classes;  ///< names of their folders, sorted; empty for pictures without labels
};

struct PictureFolder {
  PictureList train;
  std::optional<PictureList> test;
  bool has_splits = false;         ///< whether train/ and test/ told them apart
  std::int64_t foreign_files = 0;  ///< neither hidden nor a picture by their ending
};

/// Lists the pictures of a folder. With a sub-folder train/, and none but test/ and val/ beside it, train/ and test/
/// hold the pictures. Folders of pictures are classes; a folder of nothing but pictures has no classes. Deeper folders
/// belong to the class above them. Hidden files and folders are passed over; links are followed, but not back into a
/// folder above. Throws BadInput for a folder that is none or has no pictures, for one with pictures beside folders of
/// pictures, and for a class of test/ that train/ lacks.
PictureFolder list_pictures(const std::filesystem::path& folder);

/// A number that changes when a picture comes, goes, or is written anew.
std::uint64_t fingerprint(const PictureFolder& pictures);

}  // namespace biossl
