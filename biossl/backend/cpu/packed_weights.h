#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "biossl/backend/cpu/onednn.h"
#include "biossl/core/tensor.h"
#include "biossl/ops/weights.h"

namespace biossl::cpu {

/// A copy of weights, and the version of the weights that it was made of; 0: not yet made.
struct WeightCopy {
  Tensor buffer;
  std::uint64_t version = 0;
};

/// The copies of one weight tensor on this device.
struct PackedWeights final : Weights::Packed {
  struct Layout {
    Descriptor descriptor;
    std::unique_ptr<Primitive> reorder;
    WeightCopy copy;
  };
  std::vector<Layout> layouts;         ///< oneDNN's, one for each in use
  std::array<WeightCopy, 2> winograd;  ///< transformed for each ConvolutionPass
};

PackedWeights& packed_weights(const Weights& weights);

}  // namespace biossl::cpu
