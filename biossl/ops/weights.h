#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include "biossl/core/tensor.h"

namespace biossl {

/// A weight tensor: master values in float32 (float64 on the reference device), (O, H, W, I) of a convolution or (O, I)
/// of a linear layer, and the backend's copies in its own layout and precision. A copy is made at its first use after a
/// change and kept until the next change, so a fixed weight is converted once.
class Weights {
 public:
  /// The backend's copies.
  struct Packed {
    virtual ~Packed() = default;
  };

  Weights() = default;
  explicit Weights(Tensor values) : values_(std::move(values)) {}

  const Tensor& values() const { return values_; }
  /// Call it after every write to values().
  void changed() { ++version_; }
  std::uint64_t version() const { return version_; }
  /// Empty until the backend fills it.
  std::unique_ptr<Packed>& packed() const { return packed_; }

 private:
  Tensor values_;
  std::uint64_t version_ = 1;
  mutable std::unique_ptr<Packed> packed_;
};

}  // namespace biossl
