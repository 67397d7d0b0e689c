#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "biossl/core/tensor.h"
#include "biossl/data/dataset.h"

namespace biossl {

/// Images that this process holds in memory: those that a program or a notebook has made itself.
struct MemoryImages {
  Tensor pixels;                              ///< (N, H, W, C) uint8 on the host; shared, not copied
  std::vector<std::int32_t> labels = {};      ///< one an image, 0 .. classes-1, or none
  std::vector<std::string> class_names = {};  ///< empty: "class 0", "class 1", …
};

/// Hands images over under a name. The data set "memory" with this `name` has them from then on, until they are
/// released or others get the name. Throws std::invalid_argument for images of another kind or labels that do not fit.
void hold_images(const std::string& name, Split split, MemoryImages images);
/// A data set of these images. Throws like hold_images.
std::unique_ptr<Dataset> dataset_of(MemoryImages images);
/// Lets the images of a name go; data sets that were opened keep them.
void release_images(const std::string& name);

}  // namespace biossl
