#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "biossl/data/file_dataset.h"
#include "biossl/io/byte_source.h"

namespace biossl {

/// Where the images of a split are, and their labels and names where there are any.
struct ArrayFiles {
  std::shared_ptr<const ByteSource> images;
  std::shared_ptr<const ByteSource> labels;  ///< null without any
  std::shared_ptr<const ByteSource> clips;   ///< null for still images
  std::filesystem::path names;               ///< one a line; may be missing
};

struct ArrayImages {
  std::unique_ptr<const ImageRecords> records;
  std::vector<std::int32_t> labels;
  std::vector<std::string> class_names;
  std::vector<std::int32_t> clips;  ///< Dataset::clips
};

/// Images in the .npy format: (N, H, W, C) or (N, H, W), uint8 or float32 or float64 from 0 to 1, of 1 to 16 channels.
/// Labels: (N) or (N, 1) integers from 0 on. Clips: as many integers, equal for the frames of one clip, which are
/// neighbours. Throws BadInput naming the file and what is wrong; values of real numbers are looked at when an image is
/// read.
ArrayImages read_array_images(const ArrayFiles& files);

/// The files of a folder that `biossl data pack` wrote: images.npy, labels.npy, clips.npy and names.txt, in a folder
/// named after the split if there is one. Throws MissingSplit without test images, BadInput without images.
ArrayFiles find_packed(const std::filesystem::path& folder, Split split);

}  // namespace biossl
