#pragma once

#include "biossl/network/convolution_block.h"
#include "biossl/network/transposed_convolution_synapses.h"

namespace biossl {

/// The learnt inverse g of a block f, from its output back to its input: activation(transposed convolution + bias), the
/// stride being that of the block's convolution times its pool's. Its synapses are its own: nothing of the block's
/// weights enters.
class Inverse {
 public:
  /// The transposed convolution that leads from the block's output maps to its input maps: a kernel of 3, or larger
  /// where the block's own or the stride is. Throws std::invalid_argument, naming block `index`, where no padding makes
  /// the extents match.
  static Conv2d geometry(const ConvolutionBlock& block, int index);

  /// The weights are drawn under the number 2000 + `index`, so they share no random numbers with a block or a head.
  Inverse(const ConvolutionBlock& block, int index, Activation activation, const SynapsesSetup& setup);

  TransposedConvolutionSynapses& synapses() { return synapses_; }

  /// output (N, H', W', O) -> input (N, H, W, I).
  void forward(const Tensor& output, Tensor& input) const { synapses_.forward(output, activation_, input); }
  /// Takes a target difference down: input_difference = g(output + output_difference) - g(output). `sums` is scratch of
  /// input_difference's shape.
  void pass_down(const Tensor& output, const Tensor& output_difference, Tensor& sums, Tensor& input_difference) const;
  /// One step on mean (g(output) - input)^2, `output` being what the block makes of `input`. `error` is scratch of
  /// input's shape.
  void learn(const Tensor& output, const Tensor& input, const UpdateOptions& options, Tensor& error);

 private:
  Activation activation_;
  TransposedConvolutionSynapses synapses_;
};

}  // namespace biossl
