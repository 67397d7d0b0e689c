#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "biossl/losses/loss.h"
#include "biossl/network/network.h"

namespace biossl {

/// The part of a step on top of a block: its head and their loss, from the block's output to the error of that output.
class HeadPass {
 public:
  /// Puts the head on the block.
  HeadPass(Network& network, int block, const LossFactory& loss);

  Head& head() const { return network_.head(block_); }
  Loss& loss() const { return *loss_; }

  /// Takes the buffers of the head, of embeddings and of errors, for up to `rows` images.
  void prepare(std::int64_t rows, Workspace& workspace);
  /// In place of its own, flat embeddings and errors that several passes use one after the other. The head's buffers
  /// are the caller's to take.
  void share(const Tensor& embeddings, const Tensor& errors);

  /// Makes the embeddings of a block's output (N, H, W, C), which must live until the end of the step.
  void forward(const Tensor& output);
  /// Of the last forward, (N, D).
  Tensor embeddings() const { return embeddings_.part(0, {output_.extent(0), head().features()}); }
  Tensor errors() const { return errors_.part(0, {output_.extent(0), head().features()}); }
  /// The loss of all embeddings and their errors, zeros where it stops the gradient. Adds to totals as Loss::evaluate.
  void evaluate(const StepContext& context, Tensor& totals);
  /// As Head::backward and Head::learn, for rows [begin, end) of the last forward.
  void backward(std::int64_t begin, std::int64_t end, Tensor& error_output);
  void learn(std::int64_t begin, std::int64_t end, const UpdateOptions& options);

  /// The loss's state, under "losses.L.".
  State state() { return state_of_loss(*loss_, block_); }

 private:
  Network& network_;
  int block_;
  std::unique_ptr<Loss> loss_;
  Tensor output_;
  Tensor embeddings_, errors_;  // flat
};

/// Throws std::invalid_argument for a micro-batch, with the reason why the rule learns from whole batches.
void refuse_micro_batch(std::string_view rule, std::int64_t micro_batch,
                        std::string_view reason = "every block keeps its whole batch");

}  // namespace biossl
