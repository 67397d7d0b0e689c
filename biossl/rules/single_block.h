#pragma once

#include "biossl/network/network.h"

namespace biossl {

/// One block that runs and learns on inputs that a rule makes itself, apart from the encoder's forward pass.
class SingleBlock {
 public:
  /// Block `index` on up to `rows` inputs.
  SingleBlock(Network& network, int index, std::int64_t rows);

  /// The block's output for these inputs (n, H, W, C), which must live until learn().
  Tensor forward(const Tensor& input);
  /// Where the error of that output is to be written, (n, H', W', C').
  Tensor& error() { return step_.error; }
  /// The block learns from input, output and error of the last forward.
  void learn(const UpdateOptions& options);

 private:
  Block& block_;
  Activity activity_;
  Tensor errors_, scratch_;
  BlockStep step_;
};

}  // namespace biossl
