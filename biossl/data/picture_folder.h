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
  std::int32_t clip = 0;     ///< of the frames of one clip, counted from 0 in a list of clips
  std::int64_t size = 0;     ///< bytes; -1 if the system does not say
  std::int64_t changed = 0;  ///< time of its last change, as the file system counts
};

/// What the folders of pictures are.
enum class PictureLayout {
  classes,  ///< a folder is a class
  clips     ///< a folder that holds pictures is a clip, and they are its frames; the folders above are classes
};

/// The pictures to train on or to test on. The first picture of each class comes before the second of any, so that the
/// first N pictures hold all classes evenly. In a list of clips the clips take turns, not their frames.
struct PictureList {
  std::vector<PictureFile> files;
  std::vector<std::string> classes;  ///< names of their folders, sorted; empty for pictures without labels
  std::int32_t clips = 0;            ///< number of clips; 0 for still pictures
};

struct PictureFolder {
  PictureList train;
  std::optional<PictureList> test;
  bool has_splits = false;         ///< whether train/ and test/ told them apart
  std::int64_t foreign_files = 0;  ///< neither hidden nor pictures, by their ending or as pipes and devices
};

/// Lists the pictures of a folder. With a sub-folder train/, and none but test/, val/, valid/ and validation/
/// beside it, train/ and test/ hold the pictures. Folders of pictures are classes; a folder of nothing but pictures has
/// no classes. Deeper folders belong to the class above them. Hidden files and folders, pipes and devices are
/// skipped; links are followed, but not back into a folder above. In a layout of clips every folder that holds pictures
/// is a clip. Its frames are in natural order of their names (core/text.h). Clips that lie in folders of folders have
/// classes, named after the upper folder; others have none. Throws BadInput for a folder that is none or has no
/// pictures, for one with pictures beside folders of pictures, for clips with and without a class, and for a class of
/// test/ that train/ lacks.
PictureFolder list_pictures(const std::filesystem::path& folder, PictureLayout layout = PictureLayout::classes);

/// A number that changes when a picture comes, goes, or is written anew.
std::uint64_t fingerprint(const PictureFolder& pictures);

}  // namespace biossl
