#pragma once

#include <cstdint>
#include <vector>

#include "biossl/losses/loss.h"
#include "biossl/network/network.h"

namespace biossl {

/// A run of neighbouring blocks under one head that learns from one loss: the whole encoder end to end, or a single
/// block layer-wise. Holds the activity and error buffers, all sized when it is made.
class Chain {
 public:
  /// Blocks first..last, the head on `last`; up to `batch` pairs.
  Chain(Network& network, Loss& loss, int first, int last, std::int64_t batch);

  /// Runs input (2B, H, W, C), the output of the block below `first`, up to the embeddings; then the error down from
  /// the loss to `first`, each synapses learning on its way. An error crosses a layer before that layer learns.
  void step(const Tensor& input, const Moment& moment, Tensor& totals);

 private:
  void run_up(const Tensor& input);
  void run_down(const Tensor& input, std::int64_t begin, std::int64_t end, double learning_rate);
  const Tensor& input_of(int index, const Tensor& input) const;

  Network& network_;
  Loss& loss_;
  int first_;
  int last_;
  std::vector<Activity> activities_;  // of blocks first..last
  Tensor embeddings_, errors_;        // (2B, D)
  Tensor error_buffers_[2];           // flat; errors of maps go from one to the other on their way down
};

}  // namespace biossl
