#pragma once

#include <cstdint>
#include <memory>

#include "biossl/core/settings.h"
#include "biossl/core/tensor.h"
#include "biossl/data/dataset.h"

namespace biossl {

/// Views that leave images as they are.
inline const Choice whole_images{"identity", {}};

/// Hands out images in order, one batch at a time, on a device, as numbers in [0,1].
class ShownImages {
 public:
  virtual ~ShownImages() = default;

  /// (n * grid, H, W, C): the images from `first` on, at most one batch; where they are cut, the patches of an image
  /// one after another. Valid until the next call.
  virtual Tensor operator()(std::int64_t first) = 0;
};

/// The images of a data set as a network that learns from these views is shown them (Views::show). The data set must
/// outlive them.
std::unique_ptr<ShownImages> show_images(const Dataset& dataset, const Choice& views, std::int64_t batch, DType dtype,
                                         Device device);
/// Images (N, H, W, C), float32 in [0,1].
std::unique_ptr<ShownImages> show_images(const Tensor& images, std::int64_t batch, DType dtype, Device device);

}  // namespace biossl
