#pragma once

#include "biossl/network/synapses.h"

namespace biossl {

/// Connections of a convolution: the same square of weights at every position.
class ConvolutionSynapses final : public Synapses {
 public:
  ConvolutionSynapses(const SynapsesSetup& setup, std::int64_t inputs, std::int64_t outputs, const Conv2d& conv,
                      bool bias, std::uint32_t index);

  void forward(const Tensor& pre, Activation activation, Tensor& post) const override;

 private:
  void descend(const PooledError& error_post, const Weights& path, Tensor& error_pre) const override;
  void compute_update(const Tensor& pre, const PooledError& error_post, Tensor& weight_update,
                      Tensor& bias_update) const override;

  Conv2d conv_;
};

}  // namespace biossl
