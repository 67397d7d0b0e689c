#include "biossl/rules/target_propagation.h"

#include <algorithm>

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
    : network_(setup.network), loss_(setup.loss), options_(checked(options)), seed_(setup.seed), epochs_(setup.epochs) {
  const SynapsesSetup& synapses = network_.setup();
  const std::int64_t rows = 2 * setup.batch;
  const std::int64_t learning = loss_.blocks_memory() ? setup.batch : rows;
  std::int64_t input_size = 0;
  std::int64_t unpooled_size = 0;
  std::int64_t output_size = 0;
  for (int index = 0; index < network_.depth(); ++index) {
    const Block& block = network_.block(index);
    const BlockPlan& plan = block.plan();
    inverses_.push_back(
        index == 0 ? nullptr
                   : std::make_unique<Inverse>(block, index, activation_named(options.inverse_activation), synapses));
    activities_.push_back(block.make_activity(rows));
    excesses_.emplace_back(activities_.back().output.shape().with_rows(learning), synapses.dtype, synapses.device);
    input_size = std::max(input_size, plan.output.size());
    unpooled_size = std::max({unpooled_size, plan.unpooled.size(), index == 0 ? 0 : plan.input.size()});
    if (index > 0) output_size = std::max(output_size, plan.output.size());
  }
  input_scratch_ = Tensor({learning * input_size}, synapses.dtype, synapses.device);
  unpooled_scratch_ = Tensor({learning * unpooled_size}, synapses.dtype, synapses.device);
  output_scratch_ = Tensor({learning * output_size}, synapses.dtype, synapses.device);
  argmax_scratch_ = Tensor({learning * output_size}, DType::uint8, synapses.device);
  Head& head = network_.head(network_.depth() - 1);
  Workspace::fit(synapses.device, [&](Workspace& workspace) { head.prepare(rows, workspace); });
  embeddings_ = Tensor({rows, head.features()}, synapses.master_dtype(), synapses.device);
  errors_ = Tensor({rows, head.features()}, synapses.master_dtype(), synapses.device);
}

void TargetPropagation::step(const Tensor& images, const Moment& moment, Tensor& totals) {
  end_ = images.extent(0);
  begin_ = loss_.blocks_memory() ? end_ / 2 : 0;
  run_up(images);
  Tensor errors = errors_.rows(0, end_);
  loss_.evaluate(embeddings_.rows(0, end_), moment, errors, totals);
  set_top_target(moment.learning_rate);
  // From the top, and at each block the target below before the inverse learns, and that before the block does.
  for (int index = network_.depth() - 1; index >= 0; --index) {
    if (index > 0) {
      pass_target_down(index);
      teach_inverse(index, moment);
    }
    teach_block(index, images, moment.learning_rate);
  }
}

void TargetPropagation::run_up(const Tensor& images) {
  const Tensor* input = &images;
  for (int index = 0; index < network_.depth(); ++index) {
    Activity activity = activities_[static_cast<std::size_t>(index)].rows(0, end_);
    network_.block(index).forward(index == 0 ? images : input->rows(0, end_), activity);
    input = &activities_[static_cast<std::size_t>(index)].output;
  }
  Tensor embeddings = embeddings_.rows(0, end_);
  network_.head(network_.depth() - 1).forward(input->rows(0, end_), embeddings);
}

void TargetPropagation::set_top_target(double learning_rate) {
  const int top = network_.depth() - 1;
  Tensor error = excess(top);
  const Tensor& output = activities_.back().output;
  network_.head(top).learn(output, embeddings_, errors_, begin_, end_, learning_rate, error);
  ops::scale(error, options_.eta, error);
}

void TargetPropagation::pass_target_down(int index) {
  Tensor below = excess(index - 1);
  Tensor sums = input_scratch_.part(0, below.shape());
  inverse(index).pass_down(activity(index), excess(index), sums, below);
}

void TargetPropagation::teach_inverse(int index, const Moment& moment) {
  const Block& block = network_.block(index);
  const Tensor clean = activity(index - 1);
  Tensor noisy = input_scratch_.part(0, clean.shape());
  corrupt(clean, index, moment, noisy);
  Activity tried = scratch_activity(block);
  block.forward(noisy, tried);
  Tensor error = unpooled_scratch_.part(0, clean.shape());  // what was unpooled there is no longer needed
  inverse(index).learn(tried.output, noisy, options_.inverse_learning_rate, error);
}

void TargetPropagation::teach_block(int index, const Tensor& images, double learning_rate) {
  Block& block = network_.block(index);
  const Tensor above_target = excess(index);
  Tensor error = input_scratch_.part(0, above_target.shape());
  ops::scale(above_target, 2.0 / static_cast<double>(above_target.size()), error);
  const Activity activity = activities_[static_cast<std::size_t>(index)].rows(begin_, end_);
  const Tensor synapse_error = block.error_of_synapses(activity, error, unpooled_scratch_);
  const Tensor input = index == 0 ? images.rows(begin_, end_) : this->activity(index - 1);
  block.synapses().learn(input, synapse_error, learning_rate);
}

void TargetPropagation::corrupt(const Tensor& activity, int index, const Moment& moment, Tensor& noisy) const {
  const Random stream(seed_, Purpose::noise, static_cast<std::uint32_t>(moment.epoch),
                      static_cast<std::uint32_t>(moment.batch), static_cast<std::uint32_t>(index));
  ops::add_noise(stream, options_.noise, activity, noisy);
}

Activity TargetPropagation::scratch_activity(const Block& block) const {
  const auto part = [&](const Tensor& scratch, const Shape& map) {
    return scratch.part(0, {learning_rows(), map[0], map[1], map[2]});
  };
  Activity activity;
  activity.output = part(output_scratch_, block.plan().output);
  if (block.spec().pool > 1) {
    activity.unpooled = part(unpooled_scratch_, block.plan().unpooled);
    activity.argmax = part(argmax_scratch_, block.plan().output);
  }
  return activity;
}

Tensor TargetPropagation::activity(int block) const {
  return activities_[static_cast<std::size_t>(block)].output.rows(begin_, end_);
}

Tensor TargetPropagation::excess(int block) const {
  return excesses_[static_cast<std::size_t>(block)].rows(0, learning_rows());
}

State TargetPropagation::state() {
  State state;
  for (int index = 1; index < network_.depth(); ++index) {
    const State part = inverse(index).synapses().state(fmt::format("inverses.{}.", index), true);
    state.insert(state.end(), part.begin(), part.end());
  }
  return state;
}

void TargetPropagation::restored() {
  for (int index = 1; index < network_.depth(); ++index) inverse(index).synapses().restored();
}

namespace {

const Registration<RuleRegistry, TargetPropagation, TargetPropagationOptions> registration(
    "dtp", "difference target propagation: each block learns to reach a target that learnt inverses bring down");

}  // namespace
}  // namespace biossl
