#include "biossl/backend/cuda/packed_weights.h"

#include "biossl/backend/backend.h"

namespace biossl::cuda {
namespace {

struct NarrowWeights final : Weights::Packed {
  explicit NarrowWeights(const Tensor& values) : narrow(values.shape(), DType::bfloat16, Device::cuda) {}

  Tensor narrow;
  std::uint64_t version = 0;  // of the weights that it was made from; they count from 1
};

}  // namespace

const std::byte* weights_as(DType dtype, const Weights& weights) {
  const Tensor& values = weights.values();
  if (dtype != DType::bfloat16) return values.raw();
  if (weights.packed() == nullptr) weights.packed() = std::make_unique<NarrowWeights>(values);
  auto& packed = static_cast<NarrowWeights&>(*weights.packed());
  if (packed.version != weights.version()) {
    convert(values, packed.narrow);
    packed.version = weights.version();
  }
  return packed.narrow.raw();
}

}  // namespace biossl::cuda
