#pragma once

#include "biossl/network/synapses.h"

namespace biossl {

/// Connections that lead from a convolution's output maps (O channels) back to its input maps (I channels): a
/// transposed convolution with weights of its own, (O, K, K, I), in files (O, I, K, K), and a bias for each of the I
/// channels. Weights and bias start uniform in +-1/sqrt(K K I), as the framework of the published code draws them.
class TransposedConvolutionSynapses final : public Synapses {
 public:
  /// inputs: O; outputs: I; conv: of the convolution that leads the other way.
  TransposedConvolutionSynapses(const SynapsesSetup& setup, std::int64_t inputs, std::int64_t outputs,
                                const Conv2d& conv, std::uint32_t index);

  /// pre (N, H', W', O), post (N, H, W, I).
  void forward(const Tensor& pre, Activation activation, Tensor& post) const override;
  /// post = W * pre, without bias and nonlinearity.
  void project(const Tensor& pre, Tensor& post) const;

 private:
  void descend(const PooledError& error_post, const Weights& path, Tensor& error_pre) const override;
  void compute_update(const Tensor& pre, const PooledError& error_post, Tensor& weight_update,
                      Tensor& bias_update) const override;

  Conv2d conv_;
};

}  // namespace biossl
