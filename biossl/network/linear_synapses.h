#pragma once

#include "biossl/network/synapses.h"

namespace biossl {

/// All-to-all connections from a map (H, W, C) to `outputs` units. pre may have any shape of H*W*C numbers an image.
class LinearSynapses final : public Synapses {
 public:
  LinearSynapses(const SynapsesSetup& setup, const Shape& map, std::int64_t outputs, bool bias, std::uint32_t index);

  void forward(const Tensor& pre, Activation activation, Tensor& post) const override;
  Shape input_map() const override { return map_; }
  Shape output_map() const override { return {1, 1, weights_.values().extent(0)}; }
  void drive(const Tensor& pre, Tensor& post) const override;
  void correlate(const Tensor& pre, const Tensor& post, Tensor& product) const override;

 private:
  void descend(const PooledError& error_post, const Weights& path, Tensor& error_pre) const override;
  void compute_update(const Tensor& pre, const PooledError& error_post, Tensor& weight_update,
                      Tensor& bias_update) const override;

  Shape map_;
};

}  // namespace biossl
