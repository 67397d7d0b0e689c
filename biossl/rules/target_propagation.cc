#include "biossl/rules/target_propagation.h"

#include <algorithm>
#include <array>

#include "biossl/core/error.h"
#include "biossl/core/random.h"
#include "biossl/ops/ops.h"

namespace biossl {
namespace {

TargetPropagationOptions checked(const TargetPropagationOptions& options) {
  check(options.eta > 0, "dtp", "eta = {} must be positive", options.eta);
  check(options.noise >= 0, "dtp", "noise = {} may not be negative", options.noise);
  check(options.inverse_learning_rate >= 0, "dtp", "inverse_learning_rate = {} may not be negative",
        options.inverse_learning_rate);
  activation_named(options.inverse_activation);
  return options;
}

}  // namespace

TargetPropagation::TargetPropagation(const TargetPropagationOptions& options, const RuleSetup& setup)
    : network_(setup.network),
      head_pass_(setup.network, setup.network.depth() - 1, setup.loss),
      options_(checked(options)),
      seed_(setup.seed),
      batch_(setup.batch),
      epochs_(setup.epochs),
      top_(setup.network.depth() - 1),
      pass_(network_, top_, 2 * setup.batch, 0),
      activity_(static_cast<std::size_t>(network_.depth())),
      no_gradient_activity_(activity_.size()),
      target_differences_(activity_.size()) {
  check_reads_no_blocks(head_pass_.head());
  refuse_micro_batch("dtp", setup.micro_batch, "what a target is divided by counts the whole batch");
  SynapsesSetup of_inverses = network_.setup();
  of_inverses.optimizer = OptimizerRegistry::instance().make("adam", {});
  for (int index = 0; index <= top_; ++index) {
    blocks_.push_back(dynamic_cast<ConvolutionBlock*>(&network_.block(index)));
    check(blocks_.back() != nullptr, "dtp", "block {} ({}) has no inverse: every block must be a convolution", index,
          network_.block(index).description());
  }
  inverses_.emplace_back();
  for (int index = 1; index <= top_; ++index) {
    const Activation activation = activation_named(options.inverse_activation);
    inverses_.push_back(std::make_unique<Inverse>(block(index), index, activation, of_inverses));
  }
  memory_ = Workspace::fit(network_.setup().device, [&](Workspace& workspace) { prepare(workspace); }).bytes();
}

void TargetPropagation::prepare(Workspace& workspace) {
  const DType dtype = network_.setup().dtype;
  const std::int64_t rows = head_pass_.loss().stops_gradient() ? batch_ : 2 * batch_;
  std::array<std::int64_t, 3> largest{};  // numbers an image: of map_scratch_, unpooled_scratch_ and tried_scratch_
  pass_.prepare(workspace);
  for (int index = 0; index <= top_; ++index) {
    const BlockPlan& plan = block(index).plan();
    const Shape map = batch_of(rows, plan.output);
    Activity& activity = activity_[static_cast<std::size_t>(index)];
    if (index < top_) activity.output = workspace.take(map, dtype);
    block(index).take_kept(rows, dtype, workspace, activity);
    target_differences_[static_cast<std::size_t>(index)] = workspace.take(map, dtype);
    largest[0] = std::max(largest[0], plan.output.size());
    largest[1] = std::max(largest[1], plan.forward_scratch);
    if (index == 0) continue;
    largest[1] = std::max(largest[1], plan.input.size());
    largest[2] = std::max(largest[2], plan.output.size());
  }
  map_scratch_ = workspace.take({rows * largest[0]}, dtype);
  unpooled_scratch_ = workspace.take({rows * largest[1]}, dtype);
  tried_scratch_ = workspace.take({rows * largest[2]}, dtype);
  argmax_scratch_ = workspace.take({std::min(rows, group()) * largest[2]}, DType::uint8);
  output_ = workspace.take(batch_of(2 * batch_, network_.block(top_).plan().output), dtype);
  head_pass_.prepare(2 * batch_, workspace);
}

void TargetPropagation::step(const Tensor& images, const StepContext& context, Tensor& totals) {
  end_ = images.extent(0);
  begin_ = head_pass_.loss().stops_gradient() ? end_ / 2 : 0;
  updates_.clear();
  run_up(images);
  head_pass_.evaluate(context, totals);
  set_top_target(context.learning_rate);
  for (int index = top_; index >= 0; --index) {
    if (index > 0) {
      pass_target_down(index);
      update_inverse(index, context);
    }
    update_block(index, images, context.learning_rate);
  }
  updates_.apply();
}

void TargetPropagation::run_up(const Tensor& images) {
  no_gradient_activity_.back().output = output_.rows(0, begin_);
  activity_.back().output = output_.rows(begin_, end_);
  pass_.run(images.rows(0, begin_), no_gradient_activity_);
  pass_.run(images.rows(begin_, end_), activity_);
  head_pass_.forward(output_.rows(0, end_));
}

void TargetPropagation::set_top_target(double learning_rate) {
  Tensor difference = target_difference(top_);
  head_pass_.backward(begin_, end_, difference);
  head_pass_.learn(begin_, end_, {learning_rate, &updates_});
  ops::scale(difference, -options_.eta, difference);
}

void TargetPropagation::pass_target_down(int index) {
  Tensor below = target_difference(index - 1);
  Tensor sums = map_scratch_.part(0, below.shape());
  inverse(index).pass_down(activity(index), target_difference(index), sums, below);
}

void TargetPropagation::update_inverse(int index, const StepContext& context) {
  const Tensor clean = activity(index - 1);
  Tensor noisy = map_scratch_.part(0, clean.shape());
  corrupt(clean, index, context, noisy);
  const Tensor output = tried_output(block(index), noisy);
  Tensor error = unpooled_scratch_.part(0, clean.shape());  // what the block unpooled there is no longer needed
  inverse(index).learn(output, noisy, {options_.inverse_learning_rate, &updates_}, error);
}

void TargetPropagation::update_block(int index, const Tensor& images, double learning_rate) {
  const Tensor difference = target_difference(index);
  BlockStep step{.input = index == 0 ? images.rows(begin_, end_) : activity(index - 1),
                 .activity = activity_[static_cast<std::size_t>(index)].rows(0, rows()),
                 .error = map_scratch_.part(0, difference.shape()),
                 .scratch = unpooled_scratch_};
  ops::scale(difference, -2.0 / static_cast<double>(difference.size()), step.error);
  Tensor goes_no_further;
  block(index).backward(step, goes_no_further);
  block(index).learn(step, {learning_rate, &updates_});
}

void TargetPropagation::corrupt(const Tensor& activity, int index, const StepContext& context, Tensor& noisy) const {
  const Random stream(seed_, Purpose::noise, static_cast<std::uint32_t>(context.epoch),
                      static_cast<std::uint32_t>(context.batch), static_cast<std::uint32_t>(index));
  ops::add_noise(stream, options_.noise, activity, noisy);
}

Tensor TargetPropagation::tried_output(const Block& block, const Tensor& input) {
  const Tensor output = tried_scratch_.part(0, batch_of(input.extent(0), block.plan().output));
  // A group at a time, as the forward pass: what is not yet pooled stays in the cache.
  for (std::int64_t first = 0; first < input.extent(0); first += group()) {
    const std::int64_t last = std::min(first + group(), input.extent(0));
    Activity tried;
    tried.output = output.rows(first, last);
    tried.scratch = unpooled_scratch_;
    if (!block.plan().kept.empty()) tried.kept[0] = argmax_scratch_.part(0, tried.output.shape());
    block.forward(input.rows(first, last), tried, Mode::training);
  }
  return output;
}

Tensor TargetPropagation::activity(int block) const {
  return activity_[static_cast<std::size_t>(block)].output.rows(0, rows());
}

Tensor TargetPropagation::target_difference(int block) const {
  return target_differences_[static_cast<std::size_t>(block)].rows(0, rows());
}

State TargetPropagation::state() {
  State state = head_pass_.state();
  for (int index = 1; index < network_.depth(); ++index) {
    const State part = inverse(index).synapses().state(fmt::format("inverses.{}.", index), true);
    state.insert(state.end(), part.begin(), part.end());
  }
  return state;
}

void TargetPropagation::restored() {
  head_pass_.loss().restored();
  for (int index = 1; index < network_.depth(); ++index) inverse(index).synapses().restored();
}

namespace {

const Registration<RuleRegistry, TargetPropagation, TargetPropagationOptions> registration(
    "dtp", "difference target propagation: each block learns to reach a target that learnt inverses bring down");

}  // namespace
}  // namespace biossl
