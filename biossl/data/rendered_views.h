#pragma once

#include <cstdint>

#include "biossl/data/views.h"

namespace biossl {

/// For implementations: views that the host renders image by image.
class RenderedViews : public Views {
 public:
  void make(std::uint32_t epoch, std::uint32_t view, const Tensor& rows, Tensor& dst) override;
  bool waits_for_device() const override { return source_.device == Device::cuda; }

 protected:
  explicit RenderedViews(const ViewSource& source);

  /// Writes view `view` of an image, (H, W, C) uint8. Called by several threads at a time.
  virtual void render(std::uint32_t epoch, std::uint32_t image, std::uint32_t view, std::uint8_t* to) const = 0;
  const ViewSource& source() const { return source_; }

 private:
  ViewSource source_;
  Tensor images_;    // (batch) int32, host
  Tensor rendered_;  // (batch, H, W, C) uint8, host
  Tensor resident_;  // rendered_ on the device; rendered_ itself on a host device
  Tensor each_;      // 0 .. batch-1
};

}  // namespace biossl
