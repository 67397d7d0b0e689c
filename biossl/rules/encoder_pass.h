#pragma once

#include <cstdint>
#include <vector>

#include "biossl/network/forward_pass.h"

namespace biossl {

/// One forward pass through the whole encoder that keeps what every block needs to learn from it. Rules by which all
/// blocks learn in every step are made of it.
class EncoderPass {
 public:
  /// For up to `rows` images.
  EncoderPass(Network& network, std::int64_t rows);

  void prepare(Workspace& workspace);
  /// Runs images (N, H, W, C) through every block. They must live until the end of the step.
  void run(const Tensor& images);
  /// A block's input and output in the last pass.
  Tensor input(int block) const;
  Tensor output(int block) const;
  std::int64_t rows() const { return images_.extent(0); }
  /// The first row that blocks learn from: with a loss that stops the gradient of view 0, the first one of view 1; but
  /// the first of all where a block needs the whole batch.
  std::int64_t first_row(bool stops_gradient) const { return stops_gradient && !whole_batch_ ? rows() / 2 : 0; }
  /// A block's part of a step, for rows [begin, end) of the last pass. Its error is a buffer of the output's shape that
  /// the caller fills; all blocks share it.
  BlockStep step(int block, std::int64_t begin, std::int64_t end) const;

 private:
  Network& network_;
  std::int64_t rows_;
  ForwardPass pass_;
  bool whole_batch_ = false;
  std::vector<Activity> activity_;  // by block
  Tensor images_;
  Tensor error_, scratch_;  // flat; of one block
};

}  // namespace biossl
