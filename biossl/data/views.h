#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "biossl/core/registry.h"
#include "biossl/core/tensor.h"
#include "biossl/data/dataset.h"

namespace biossl {

/// Makes views of images. A view shows the object at one moment. Two views of one image are a positive pair.
class Views {
 public:
  static constexpr const char* kind = "kind of views";
  /// What is known before views are made.
  struct Traits {
    bool (*suit)(const Dataset&) = nullptr;  ///< whether they can be made of a data set; null: of any
  };

  virtual ~Views() = default;

  /// Writes view number `view` of images rows[n] (int32, N) into dst (N, H, W, C), values in [0,1]. A view depends on
  /// (seed, epoch, image, view) only, not on the batch.
  virtual void make(std::uint32_t epoch, std::uint32_t view, const Tensor& rows, Tensor& dst) = 0;
  /// Whether `make` waits for the device to work on the host; then it cannot be part of a CUDA graph.
  virtual bool waits_for_device() const { return false; }
};

/// The source of views. Everything must outlive the Views.
struct ViewSource {
  const Dataset& dataset;
  std::uint64_t seed;
  std::int64_t batch;  ///< largest number of images in a call of `make`
  Device device;
};

using ViewsRegistry = Registry<Views, const ViewSource&>;

/// For implementations: the data set's images on the device, copied if necessary.
Tensor resident_pixels(const ViewSource& source);
/// For implementations: throws std::invalid_argument unless rows has rank 1 and fits into a batch.
void check_batch(const ViewSource& source, const Tensor& rows);

}  // namespace biossl
