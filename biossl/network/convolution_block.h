#pragma once

#include <string>

#include "biossl/network/block.h"
#include "biossl/network/convolution_synapses.h"
#include "biossl/ops/types.h"

namespace biossl {

/// The default kind of block, as a recipe writes it.
struct ConvolutionOptions {
  std::int64_t channels = 32;
  std::string activation = "none";
  std::int64_t pool = 1;
  bool bias = false;
  std::int64_t kernel = 3;
  std::int64_t stride = 1;
  std::int64_t padding = 1;
  std::int64_t kernel_height = 0;
  std::int64_t stride_height = 0;
  std::int64_t padding_height = -1;

  Conv2d conv() const { return {kernel, stride, padding, kernel_height, stride_height, padding_height}; }

  template <class Visitor>
  void visit(Visitor& field) {
    field("channels", channels, "output maps of the convolution");
    field("activation", activation, "\"none\", \"hardtanh\", \"tanh\" or \"relu\", after the pool");
    field("pool", pool, "side of the max-pool's square; 1: none");
    field("bias", bias, "whether the convolution has a bias");
    field("kernel", kernel, "side of the convolution's square");
    field("stride", stride, "steps of the convolution");
    field("padding", padding, "zeros around its input");
    field("kernel_height", kernel_height, "height of a kernel that is not square; 0: kernel");
    field("stride_height", stride_height, "steps along the height; 0: stride");
    field("padding_height", padding_height, "zeros above and below the input; -1: padding");
  }
};

/// Convolution, max-pool, nonlinearity: output = activation(pool(bias + W * input)).
class ConvolutionBlock final : public Block {
 public:
  /// Throws std::invalid_argument, naming the block, for impossible options.
  ConvolutionBlock(const ConvolutionOptions& options, const BlockSetup& setup);

  const BlockPlan& plan() const override { return plan_; }
  std::string description() const override;
  bool has_bounds() const override { return activation_ == Activation::hardtanh || activation_ == Activation::tanh; }
  void forward(const Tensor& input, Activity& activity, Mode mode) const override;
  void backward(BlockStep& step, Tensor& error_input) override;
  void learn(BlockStep& step, const UpdateOptions& options) override;
  void each_layer(const std::string& name, const LayerVisitor& visit) override { visit(name, synapses_); }

  const Conv2d& conv() const { return conv_; }
  std::int64_t pool() const { return options_.pool; }
  /// The convolution's output, (H, W, C).
  const Shape& unpooled() const { return unpooled_; }

 private:
  /// The error of the convolution's output, of which the pool passes on one number a window.
  PooledError pooled(const BlockStep& step) const;

  ConvolutionOptions options_;
  Activation activation_;
  Conv2d conv_;
  Shape unpooled_;
  BlockPlan plan_;
  ConvolutionSynapses synapses_;
};

}  // namespace biossl
