#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "biossl/losses/loss.h"
#include "biossl/network/forward_pass.h"
#include "biossl/rules/learning_rows.h"
#include "biossl/rules/loss_in_chunks.h"

namespace biossl {

/// A run of neighbouring blocks under one head that learns from one loss: the whole encoder end to end, or a single
/// block layer-wise. The blocks below it run forward only, and so does every block on images that no error reaches
/// (view 0, where the loss blocks its gradient): of those, nothing is kept. The error goes down for those images alone
/// whose error is not zero (LearningRows).
class Chain {
 public:
  /// Blocks first..last, the head on `last`; batches of up to `batch` pairs, of which `chunk` at a time go up and down
  /// (0: all), so that the memory does not grow with the batch. Throws as LossInChunks.
  Chain(Network& network, Loss& loss, int first, int last, std::int64_t batch, std::int64_t chunk = 0);

  /// Takes the buffers of activity and errors from a workspace. Chains of which one works at a time may share memory.
  void prepare(Workspace& workspace);
  /// Runs images (2B, H, W, C) up to the embeddings; then the error down from the loss to `first`, each synapses
  /// learning on its way. An error crosses a layer before that layer learns; all weights change together, at the end.
  void step(const Tensor& images, const Moment& moment, Tensor& totals);

 private:
  /// Pairs of one chunk, in two parts: images that no error reaches, and those that one may reach.
  struct Chunk {
    Tensor remembered, learnt;

    std::int64_t begin() const { return remembered.extent(0); }
    std::int64_t rows() const { return begin() + learnt.extent(0); }
  };

  /// An image's share of each error map.
  std::array<std::int64_t, 2> error_sizes() const;
  Chunk chunk_of(const Tensor& images, std::int64_t first) const;
  void run_up(const Chunk& chunk);
  /// Brings together what learning needs of the images with an error. Returns the images of the range that they lie in.
  Tensor gather_learning_rows(const Chunk& chunk);
  /// images: those of the range; `begin`: of the chunk.
  void run_down(const Tensor& images, std::int64_t begin, const UpdateOptions& options);

  Network& network_;
  Loss& loss_;
  int first_;
  int last_;
  std::int64_t chunk_;
  LossInChunks loss_in_chunks_;
  ForwardPass pass_;
  std::vector<Activity> learnt_;      // of blocks 0..last: what learning needs of the images that an error reaches
  std::vector<Activity> remembered_;  // of the others; only the last block's output
  Tensor output_;                     // (2 chunk, H, W, C) of block `last`, in which the last of both lie
  LearningRows learning_rows_;        // of those that an error may reach, the ones with an error
  Tensor learning_images_;            // their images, gathered; empty where block 0 does not learn
  Tensor embeddings_, errors_;        // (2 chunk, D)
  std::array<Tensor, 2> error_maps_;  // flat; errors of maps go from one to the other on their way down
  UpdateQueue updates_;
  Tensor spread_;  // flat; errors spread over the windows of a pool, where they have to be
};

}  // namespace biossl
