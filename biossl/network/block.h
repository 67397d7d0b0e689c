#pragma once

#include <string>

#include "biossl/network/convolution_synapses.h"
#include "biossl/network/spec.h"

namespace biossl {

/// What a block remembers of a batch: its output and argmax are enough to learn from it.
struct Activity {
  Tensor unpooled;  ///< the convolution's output, (N, H, W, C), on its way to the pool; empty where there is none
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
  /// Takes the error of the output back to the convolution's output: through the block's own nonlinearity, which
  /// changes `error` in place, and to the winners of its pool. `scratch` is flat, with room for the error of every unit
  /// below the pool; it goes with the result.
  PooledError error_of_synapses(const Activity& activity, Tensor& error, const Tensor& scratch) const;

 private:
  BlockSpec spec_;
  BlockPlan plan_;
  DType dtype_;
  Device device_;
  ConvolutionSynapses synapses_;
};

}  // namespace biossl
