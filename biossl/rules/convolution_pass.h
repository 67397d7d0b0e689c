#pragma once

#include <string_view>
#include <vector>

#include "biossl/rules/encoder_pass.h"

namespace biossl {

/// A convolution of the encoder. What stands behind the convolution in its block plays no part in its learning.
struct ConvolutionLayer {
  int block;
  Shape input;   ///< (H, W, C)
  Shape output;  ///< (H', W', C'), before bias, pool and activation
  Synapses* synapses;
};

/// One forward pass through an encoder whose convolutions learn without an error from above. Blocks without anything
/// that learns may stand between them. Host devices only.
class ConvolutionPass {
 public:
  /// For up to `rows` images. Throws std::invalid_argument, naming `rule`, for a block of another kind that learns.
  ConvolutionPass(std::string_view rule, Network& network, std::int64_t rows);

  const std::vector<ConvolutionLayer>& layers() const { return layers_; }
  /// Runs images (N, H, W, C) through every block. They must live until the end of the step. Running statistics of
  /// other blocks follow.
  void run(const Tensor& images);
  Tensor input(const ConvolutionLayer& layer) const { return pass_.input(layer.block); }
  std::int64_t rows() const { return pass_.rows(); }

 private:
  Network& network_;
  EncoderPass pass_;
  std::vector<ConvolutionLayer> layers_;
};

}  // namespace biossl
