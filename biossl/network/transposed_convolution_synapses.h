#pragma once

#include "biossl/network/synapses.h"

namespace biossl {

/// Connections that lead from a convolution's output maps (O channels) back to its input maps (I channels): a
/// transposed convolution with weights of its own, (O, K', K, I), in files (O, I, K', K), and a bias for each of the I
/// channels. Weights and bias start uniform in +-1/sqrt(K' K I), as the framework of the published code draws them.
class TransposedConvolutionSynapses final : public Synapses {
 public:
  /// from: (H', W', O); to: (H, W, I); conv: of the convolution that leads the other way.
  TransposedConvolutionSynapses(const SynapsesSetup& setup, const Shape& from, const Shape& to, const Conv2d& conv,
                                std::uint32_t index);

  /// pre (N, H', W', O), post (N, H, W, I).
  void forward(const Tensor& pre, Activation activation, Tensor& post) const override;
  /// post = W * pre, without bias and nonlinearity.
  void drive(const Tensor& pre, Tensor& post) const override;
  Shape input_map() const override { return from_; }
  Shape output_map() const override { return to_; }
  void correlate(const Tensor& pre, const Tensor& post, Tensor& product) const override;

 private:
  void descend(const PooledError& error_post, const Weights& path, Tensor& error_pre) const override;
  void compute_update(const Tensor& pre, const PooledError& error_post, Tensor& weight_update,
                      Tensor& bias_update) const override;

  Shape from_, to_;
  Conv2d conv_;
};

}  // namespace biossl
