#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "biossl/losses/loss.h"
#include "biossl/network/forward_pass.h"
#include "biossl/rules/learning_rows.h"

namespace biossl {

/// A run of neighbouring blocks under one head that learns from one loss: the whole encoder end to end, or a single
/// block layer-wise. The blocks below it run forward only, and so does every block on images that no error reaches
/// (view 0, where the loss blocks its gradient): of those, nothing is kept. The error goes down for those images alone
/// whose error is not zero (LearningRows).
class Chain {
 public:
  /// Blocks first..last, the head on `last`; up to `batch` pairs.
  Chain(Network& network, Loss& loss, int first, int last, std::int64_t batch);

  /// Takes the buffers of activity and errors from a workspace. Chains of which one works at a time may share memory.
  void prepare(Workspace& workspace);
  /// Runs images (2B, H, W, C) up to the embeddings; then the error down from the loss to `first`, each synapses
  /// learning on its way. An error crosses a layer before that layer learns.
  void step(const Tensor& images, const Moment& moment, Tensor& totals);

 private:
  std::array<std::int64_t, 2> error_sizes() const;
  void run_up(const Tensor& images, std::int64_t begin);
  /// Brings together what learning needs of the images with an error; rows are counted from `begin`. Returns the images
  /// of the range that they lie in.
  Tensor gather_learning_rows(const Tensor& images, std::int64_t begin);
  /// images: those of the range.
  void run_down(const Tensor& images, std::int64_t begin, double learning_rate);

  Network& network_;
  Loss& loss_;
  int first_;
  int last_;
  std::int64_t batch_;
  ForwardPass pass_;
  std::vector<Activity> learnt_;      // of blocks 0..last: what learning needs of the images that an error reaches
  std::vector<Activity> remembered_;  // of the others; only the last block's output
  Tensor output_;                     // (2B, H, W, C) of block `last`, in which the last of both lie
  LearningRows learning_rows_;        // of those that an error may reach, the ones with an error
  Tensor learning_images_;            // their images, gathered; empty where block 0 does not learn
  Tensor embeddings_, errors_;        // (2B, D)
  std::array<Tensor, 2> error_maps_;  // flat; errors of maps go from one to the other on their way down
};

}  // namespace biossl
