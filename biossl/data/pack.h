#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "biossl/core/progress.h"
#include "biossl/data/picture_folder.h"

namespace biossl {

struct PackOptions {
  std::int64_t side = 0;   ///< pictures become side x side (data/resize.h)
  double crop = 1;         ///< side of the middle square that is kept, as a share of the shorter side
  bool strict = false;     ///< stops at a broken picture
  Progress progress = {};  ///< may throw to stop the work; nothing is left then
};

struct PackSummary {
  std::int64_t train_images = 0;
  std::int64_t test_images = 0;
  std::vector<std::string> broken;  ///< a line for each picture that was skipped: "FILE: why"
};

/// Decodes pictures, several at a time, into a new folder that the data set "array" and NumPy read: images.npy, uint8
/// (N, side, side, 3); with classes labels.npy, int32 (N), and names.txt; with clips clips.npy, int32 (N), in which a
/// broken frame ends a clip; broken.txt if pictures were skipped; all in train/ and test/ where the pictures are.
/// The result does not depend on the number of threads. The folder appears whole or not at all; it is made in
/// OUT.packing (core/staging_folder.h). A file above 1 GiB is broken. Throws BadInput naming a broken picture if the
/// options are strict, or if all of a split are; std::invalid_argument if `out` exists; InUse if another process is
/// making it; WriteError.
PackSummary pack_pictures(const PictureFolder& pictures, const std::filesystem::path& out, const PackOptions& options);

}  // namespace biossl
