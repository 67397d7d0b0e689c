#pragma once

#include "biossl/network/synapses.h"

namespace biossl {

/// Connections of a convolution: the same patch of weights at every position.
class ConvolutionSynapses final : public Synapses {
 public:
  /// map: (H, W, C) of the input.
  ConvolutionSynapses(const SynapsesSetup& setup, const Shape& map, std::int64_t outputs, const Conv2d& conv, bool bias,
                      std::uint32_t index);

  void forward(const Tensor& pre, Activation activation, Tensor& post) const override;
  /// post = activation(max-pool(bias + W * pre)); arguments as of ops::conv2d_pooled_forward.
  void forward_pooled(const Tensor& pre, std::int64_t window, Activation activation, Tensor& unpooled, Tensor& post,
                      Tensor& argmax) const;
  Shape input_map() const override { return map_; }
  Shape output_map() const override;
  void drive(const Tensor& pre, Tensor& post) const override;
  void correlate(const Tensor& pre, const Tensor& post, Tensor& product) const override;

 private:
  void descend(const PooledError& error_post, const Weights& path, Tensor& error_pre) const override;
  void compute_update(const Tensor& pre, const PooledError& error_post, Tensor& weight_update,
                      Tensor& bias_update) const override;

  Shape map_;
  Conv2d conv_;
};

}  // namespace biossl
