#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "biossl/network/forward_pass.h"
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

/// Difference target propagation (Lee, Zhang, Fischer & Bengio 2015; METHODS in docs/methods.md). Every block but the
/// first has a learnt inverse g. Errors cross the head only; down the chain go targets, over the inverses, and each
/// block learns to reach its own. In place of a target t it carries the *excess* e = h - t of the activity h over it:
///   top        e = eta dL/dh
///   down       e_{l-1} = g_l(h_l) - g_l(h_l - e_l)            (so t_{l-1} = h_{l-1} - g_l(h_l) + g_l(t_l))
///   block l    one step on mean (h_l - t_l)^2, t_l held constant: the error of h_l is 2/n e_l
///   inverse l  one step on mean (g_l(f_l(x)) - x)^2 at x = h_{l-1} + noise * z, z standard normal, f_l held constant
/// Everything is computed with the weights as they were before the step: all change together, at its end. With the
/// gradient block the memory's target is its activity, so nothing learns from it: n, the noise and the inverses are
/// about the current view alone.
class TargetPropagation : public LearningRule {
 public:
  /// Throws std::invalid_argument for impossible options and for a block that no inverse fits.
  TargetPropagation(const TargetPropagationOptions& options, const RuleSetup& setup);

  void step(const Tensor& images, const Moment& moment, Tensor& totals) override;
  std::int64_t total_epochs() const override { return epochs_; }
  bool is_local_to_blocks() const override { return true; }
  std::size_t activity_bytes() const override { return memory_; }
  /// inverses.L.weight, inverses.L.bias and their optimiser's state, for blocks 1 and up.
  State state() override;
  void restored() override;

  /// The inverse of a block from 1 up.
  Inverse& inverse(int block) { return *inverses_[static_cast<std::size_t>(block)]; }
  /// What the last step's batch left of a block: its activity (N, H, W, C) and the activity's excess over its target,
  /// for the images that a target reached.
  Tensor activity(int block) const;
  Tensor excess(int block) const;

 protected:
  /// noisy = activity + noise * z, the input on which block `index` and its inverse are tried.
  virtual void corrupt(const Tensor& activity, int index, const Moment& moment, Tensor& noisy) const;

 private:
  void prepare(Workspace& workspace);
  void run_up(const Tensor& images);
  void set_top_target(double learning_rate);
  void pass_target_down(int index);
  void teach_inverse(int index, const Moment& moment);
  void teach_block(int index, const Tensor& images, double learning_rate);
  /// What a block makes of an input of which nothing else is kept.
  Tensor tried_output(const Block& block, const Tensor& input);
  std::int64_t learning_rows() const { return end_ - begin_; }
  /// Images that go up together.
  std::int64_t group() const { return ForwardPass::group(network_.setup().device); }

  Network& network_;
  Loss& loss_;
  TargetPropagationOptions options_;
  std::uint64_t seed_;
  std::int64_t batch_;
  std::int64_t epochs_;
  int top_;  // the last block
  UpdateQueue updates_;
  ForwardPass pass_;
  std::vector<std::unique_ptr<Inverse>> inverses_;  // by block; none for the first
  std::vector<Activity> learnt_;                    // by block, of the images that a target reaches
  std::vector<Activity> remembered_;                // of the others; only the last block's output
  std::vector<Tensor> excesses_;                    // by block
  Tensor output_;                                   // (2B, H, W, C) of the last block
  Tensor embeddings_, errors_;                      // (2B, D)
  std::int64_t begin_ = 0, end_ = 0;                // rows of the batch that a target reaches
  // Flat scratch, for one layer at a time.
  Tensor map_scratch_;       // maps like a block's output, or the input of any but the first
  Tensor unpooled_scratch_;  // maps like such an input, or like what a block pools
  Tensor tried_scratch_;     // what a block makes of a noisy input
  Tensor argmax_scratch_;    // and where it found it, a group of images at a time
  std::size_t memory_;       // bytes of all these
};

}  // namespace biossl
