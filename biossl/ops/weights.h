#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include "biossl/core/tensor.h"

namespace biossl {

/// A weight tensor as operations take it: float32 (float64 on the reference device) master values, (O, H, W, I) of a
/// convolution or (O, I) of a linear layer, and beside them whatever copies a backend keeps in its own layout and
/// precision. A copy is made when it is first needed after a change and kept until the next, so a weight that never
/// changes is never laid out twice.
class Weights {
 public:
  /// What a backend keeps with the weights.
  struct Packed {
    virtual ~Packed() = default;
  };

  Weights() = default;
  explicit Weights(Tensor values) : values_(std::move(values)) {}

  const Tensor& values() const { return values_; }
  /// To be called after every write to values().
  void changed() { ++version_; }
  std::uint64_t version() const { return version_; }
  /// The backend's place; empty at first.
  std::unique_ptr<Packed>& packed() const { return packed_; }

 private:
  Tensor values_;
  std::uint64_t version_ = 1;
  mutable std::unique_ptr<Packed> packed_;
};

}  // namespace biossl
