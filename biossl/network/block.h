#pragma once

#include <string>

#include "biossl/network/spec.h"
#include "biossl/network/synapses.h"

namespace biossl {

/// What a block remembers of a batch: enough to learn from it.
struct Activity {
  Tensor unpooled;  ///< the convolution's output, (N, H, W, C); empty where the block does not pool
  Tensor argmax;    ///< which element each pooled one came from (uint8); empty likewise
  Tensor output;    ///< (N, H', W', C)

  Activity rows(std::int64_t begin, std::int64_t end) const;
};

/// One stage of the chain: convolution, max-pool, nonlinearity.
class Block {
 public:
  Block(const BlockSpec& spec, const BlockPlan& plan, const SynapsesSetup& setup, std::uint32_t index);

  const BlockPlan& plan() const { return plan_; }
  const BlockSpec& spec() const { return spec_; }
  Synapses& synapses() { return synapses_; }
  const Synapses& synapses() const { return synapses_; }

  /// Room for the activity of up to `rows` images.
  Activity make_activity(std::int64_t rows) const;
  void forward(const Tensor& input, Activity& activity) const;
  /// Takes the error of the output back to the convolution's output: through the block's own nonlinearity and pool.
  /// Where the block does not pool, the result is `error` itself, changed in place; otherwise it is written to
  /// `scratch`, a flat tensor with room for it. Returns the result.
  Tensor error_of_synapses(const Activity& activity, Tensor& error, Tensor& scratch) const;

 private:
  BlockSpec spec_;
  BlockPlan plan_;
  DType dtype_;
  Device device_;
  ConvolutionSynapses synapses_;
};

/// Turns a block's output into embeddings.
class Head {
 public:
  Head(const HeadSpec& spec, const Shape& block_output, const SynapsesSetup& setup, std::uint32_t index);

  Synapses& synapses() { return synapses_; }
  const Synapses& synapses() const { return synapses_; }
  const Shape& map() const { return map_; }
  const HeadSpec& spec() const { return spec_; }

  /// Sizes its buffers for up to `rows` images.
  void prepare(std::int64_t rows);
  /// activity: a block's output (N, H, W, C) in the compute type; embeddings: (N, features), float32.
  void forward(const Tensor& activity, Tensor& embeddings);
  /// For rows [begin, end) of the last forward: errors (by embedding) becomes the error of the linear layer's output;
  /// with `descend`, writes the error of the block's output to error_activity (then not empty); then the linear
  /// synapses learn.
  void learn(const Tensor& activity, const Tensor& embeddings, Tensor& errors, std::int64_t begin, std::int64_t end,
             double learning_rate, Tensor& error_activity);

 private:
  HeadSpec spec_;
  Shape block_output_;
  Shape map_;
  DType dtype_;
  Device device_;
  LinearSynapses synapses_;
  Tensor pooled_;         // (N, h, w, C), where it average-pools
  Tensor error_pooled_;   // likewise
  Tensor narrow_errors_;  // errors in the compute type, where that is not the embeddings'
};

}  // namespace biossl
