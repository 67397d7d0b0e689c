#pragma once

#include <string>
#include <vector>

#include "biossl/network/forward_pass.h"

namespace biossl {

/// A second network that follows the first: in each step slow <- momentum slow + (1 - momentum) network, in all weights
/// and biases of blocks and heads. Nothing learns in it.
class SlowCopy {
 public:
  /// Copies the network; its head on `block` makes the embeddings, of up to `rows` images.
  SlowCopy(Network& network, int block, std::int64_t rows, double momentum);

  void prepare(Workspace& workspace);
  /// The copy's embeddings of images (N, H, W, C), (N, D) in the master type; valid until the next call.
  Tensor embeddings(const Tensor& images);
  void follow() { follow(momentum_); }
  /// Its weights, under "slow.".
  State state();
  void restored() { slow_.restored(); }

 private:
  void follow(double momentum);

  Network& network_;
  Network slow_;
  int block_;
  std::int64_t rows_;
  double momentum_;
  ForwardPass pass_;
  std::vector<Activity> kept_;
  Tensor embeddings_;
};

}  // namespace biossl
