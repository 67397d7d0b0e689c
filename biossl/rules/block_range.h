#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "biossl/network/forward_pass.h"
#include "biossl/rules/head_pass.h"
#include "biossl/rules/micro_batch_loss.h"
#include "biossl/rules/nonzero_error_rows.h"

namespace biossl {

/// Neighbouring blocks under one head that learn from one loss: the whole encoder end to end, or a single block
/// layer-wise. The blocks below run forward only, and so does every block on images that no error reaches (view 0,
/// where the loss stops its gradient): of those, nothing is kept. The error goes down for those images alone whose
/// error is not zero (NonzeroErrorRows).
class BlockRange {
 public:
  /// Blocks first..last, the head on `last` and its loss; batches of up to `batch` pairs, of which `micro_batch` at a
  /// time go up and down (0: all), so that the memory does not grow with the batch. Throws as MicroBatchLoss.
  BlockRange(Network& network, const LossFactory& loss, int first, int last, std::int64_t batch,
             std::int64_t micro_batch = 0);

  /// Takes the buffers of activity and errors from a workspace. Ranges of which one works at a time may share memory.
  void prepare(Workspace& workspace);
  /// Runs images (2B, H, W, C) up to the embeddings, then the error down from the loss to `first`; each layer learns on
  /// its way. An error crosses a layer before that layer learns; all weights change at the end.
  void step(const Tensor& images, StepContext context, Tensor& totals);

  Loss& loss() { return head_pass_.loss(); }
  /// The loss's state, under "losses.L.".
  State state() { return head_pass_.state(); }

 private:
  /// Pairs of one micro-batch, in two parts: images that no error reaches, and those that one may reach.
  struct MicroBatch {
    Tensor no_gradient, with_gradient;

    std::int64_t begin() const { return no_gradient.extent(0); }
    std::int64_t rows() const { return begin() + with_gradient.extent(0); }
  };

  bool needs_whole_batch(int from) const;
  /// An image's share of each error map.
  std::array<std::int64_t, 2> error_sizes() const;
  MicroBatch micro_batch_of(const Tensor& images, std::int64_t first) const;
  void run_up(const MicroBatch& micro_batch);
  /// Gathers what learning needs of the images with an error. Returns the images of the range that they lie in.
  Tensor gather_error_rows(const MicroBatch& micro_batch);
  /// images: those of the range; `begin`: of the micro-batch.
  void run_down(const Tensor& images, std::int64_t begin, const UpdateOptions& options);

  Network& network_;
  int first_;
  int last_;
  HeadPass head_pass_;
  std::int64_t micro_batch_;
  MicroBatchLoss micro_batch_loss_;
  ForwardPass pass_;
  std::vector<Activity> activity_;  // of blocks 0..last: what learning needs of images that an error reaches
  std::vector<Activity> no_gradient_activity_;  // of the others; only the last block's output
  Tensor output_;                     // (2 micro-batch, H, W, C) of block `last`, in which the last of both lie
  bool drops_rows_;                   // whether images without an error are left out on the way down
  NonzeroErrorRows error_rows_;       // of images that an error may reach, those with an error
  Tensor gathered_images_;            // their images, gathered; empty where block 0 does not learn
  std::array<Tensor, 2> error_maps_;  // flat; errors of maps go from one to the other on their way down
  UpdateQueue updates_;
  Tensor scratch_;  // flat; a block's, from backward to learn
};

}  // namespace biossl
