#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "biossl/core/registry.h"
#include "biossl/core/tensor.h"
#include "biossl/data/dataset.h"

namespace biossl {

/// Makes views of images: what the eye sees of an object at one moment. Two views of one image are a positive pair.
class Views {
 public:
  static constexpr const char* kind = "kind of views";

  virtual ~Views() = default;

  /// Writes view number `view` of images rows[n] (int32, N) into dst (N, H, W, C), values in [0,1]. A view depends on
  /// (seed, epoch, image, view) only, not on the batch it is made in.
  virtual void make(std::uint32_t epoch, std::uint32_t view, const Tensor& rows, Tensor& dst) = 0;
  /// True where `make` waits for the device to work on the host, so that it cannot be part of what a GPU is given
  /// whole.
  virtual bool waits_for_device() const { return false; }
};

/// What views are made of. Everything must outlive the Views.
struct ViewSource {
  const Dataset& dataset;
  std::uint64_t seed;
  std::int64_t batch;  ///< the largest number of images `make` is asked for
  Device device;
};

using ViewsRegistry = Registry<Views, const ViewSource&>;

/// For kinds of views: the data set's images on the device, copied there unless they already are.
Tensor resident_pixels(const ViewSource& source);
/// For kinds of views: throws std::invalid_argument unless rows is of rank 1 and no longer than a batch.
void check_batch(const ViewSource& source, const Tensor& rows);

}  // namespace biossl
