#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "biossl/network/convolution_block.h"
#include "biossl/network/forward_pass.h"
#include "biossl/rules/head_pass.h"
#include "biossl/rules/inverse.h"
#include "biossl/rules/rule.h"

namespace biossl {

struct TargetPropagationOptions {
  double eta = 0.5;
  double noise = 1.0;
  double inverse_learning_rate = 1e-3;
  std::string inverse_activation = "tanh";

  template <class Visitor>
  void visit(Visitor& field) {
    field("eta", eta, "how far the last block's target goes down the error: target = activity - eta * error");
    field("noise", noise, "spread of the normal noise on the activity that an inverse learns from");
    field("inverse_learning_rate", inverse_learning_rate,
          "of the inverses' own Adam, the same in every step; the blocks learn at train.learning_rate");
    field("inverse_activation", inverse_activation, "nonlinearity of the inverses: tanh, hardtanh, relu or none");
  }
};

/// Difference target propagation (Lee, Zhang, Fischer & Bengio 2015; docs/rules_and_losses.md). Every block but the
/// first has a learnt inverse g. Errors cross the head only. Targets go down from block to block, through the inverses,
/// and each block learns to reach its own target t. A block stores the *target difference* d = t - h, h its activity:
///   top        d = -eta dL/dh
///   down       d_{l-1} = g_l(h_l + d_l) - g_l(h_l)            (so t_{l-1} = h_{l-1} - g_l(h_l) + g_l(t_l))
///   block l    one step on mean (h_l - t_l)^2, t_l held constant: the error of h_l is -2/n d_l
///   inverse l  one step on mean (g_l(f_l(x)) - x)^2 at x = h_{l-1} + noise * z, z standard normal, f_l held constant
/// A step computes everything with the weights from before it; all weights change at its end. Where the loss stops the
/// gradient of view 0, the target of view 0 is its activity, so nothing learns from it: n, the noise and the inverses
/// concern view 1 alone.
class TargetPropagation : public LearningRule {
 public:
  static constexpr const char* abbreviation = "DTP";
  static constexpr Traits traits{.sends_errors = false};

  /// Throws std::invalid_argument for impossible options and for a block that no inverse fits.
  TargetPropagation(const TargetPropagationOptions& options, const RuleSetup& setup);

  void step(const Tensor& images, const StepContext& context, Tensor& totals) override;
  std::int64_t total_epochs() const override { return epochs_; }
  Plausibility plausibility() const override { return {}; }
  std::size_t activity_bytes() const override { return memory_; }
  /// inverses.L.weight, inverses.L.bias and their optimiser's state, for blocks 1 and up.
  State state() override;
  void restored() override;

  /// The inverse of a block from 1 up.
  Inverse& inverse(int block) { return *inverses_[static_cast<std::size_t>(block)]; }
  /// Of the last step: a block's activity h (N, H, W, C) and its target difference t - h, for the images that have a
  /// target.
  Tensor activity(int block) const;
  Tensor target_difference(int block) const;

 protected:
  /// noisy = activity + noise * z, the input on which block `index` and its inverse are tried.
  virtual void corrupt(const Tensor& activity, int index, const StepContext& context, Tensor& noisy) const;

 private:
  void prepare(Workspace& workspace);
  void run_up(const Tensor& images);
  void set_top_target(double learning_rate);
  void pass_target_down(int index);
  void update_inverse(int index, const StepContext& context);
  void update_block(int index, const Tensor& images, double learning_rate);
  /// A block's output for an input of which nothing else is kept.
  Tensor tried_output(const Block& block, const Tensor& input);
  ConvolutionBlock& block(int index) const { return *blocks_[static_cast<std::size_t>(index)]; }
  std::int64_t rows() const { return end_ - begin_; }
  /// Images that go up together.
  std::int64_t group() const { return ForwardPass::group(network_.setup().device); }

  Network& network_;
  HeadPass head_pass_;
  TargetPropagationOptions options_;
  std::uint64_t seed_;
  std::int64_t batch_;
  std::int64_t epochs_;
  int top_;  // the last block
  UpdateQueue updates_;
  ForwardPass pass_;
  std::vector<ConvolutionBlock*> blocks_;
  std::vector<std::unique_ptr<Inverse>> inverses_;  // by block; none for the first
  std::vector<Activity> activity_;                  // by block, of the images that a target reaches
  std::vector<Activity> no_gradient_activity_;      // of the others; only the last block's output
  std::vector<Tensor> target_differences_;          // by block
  Tensor output_;                                   // (2B, H, W, C) of the last block
  std::int64_t begin_ = 0, end_ = 0;                // rows of the batch that a target reaches
  // Flat scratch, for one layer at a time.
  Tensor map_scratch_;       // maps like a block's output, or the input of any but the first
  Tensor unpooled_scratch_;  // maps like such an input, or like what a block pools
  Tensor tried_scratch_;     // what a block makes of a noisy input
  Tensor argmax_scratch_;    // and where it found it, a group of images at a time
  std::size_t memory_;       // bytes of all these
};

}  // namespace biossl
