#include "biossl/rules/block_range.h"

#include <algorithm>
#include <utility>

namespace biossl {

BlockRange::BlockRange(Network& network, const LossFactory& loss, int first, int last, std::int64_t batch,
                       std::int64_t micro_batch)
    : network_(network),
      first_(first),
      last_(last),
      head_pass_(network, last, loss),
      micro_batch_(micro_batch == 0 ? batch : std::min(micro_batch, batch)),
      micro_batch_loss_(head_pass_.loss(), micro_batch_, batch),
      pass_(network, last, 2 * micro_batch_, first),
      activity_(static_cast<std::size_t>(last) + 1),
      no_gradient_activity_(activity_.size()),
      drops_rows_(!needs_whole_batch(first)),
      error_rows_(micro_batch_, network.setup().device) {
  check(micro_batch_ == batch || !needs_whole_batch(0), "train",
        "micro_batch = {}: a block of this network needs the whole batch; leave it at 0", micro_batch);
  check_reads_no_blocks(head_pass_.head());
}

bool BlockRange::needs_whole_batch(int from) const {
  for (int index = from; index <= last_; ++index) {
    if (network_.block(index).plan().needs_whole_batch) return true;
  }
  return false;
}

void BlockRange::prepare(Workspace& workspace) {
  const DType dtype = network_.setup().dtype;
  const std::int64_t rows = head_pass_.loss().stops_gradient() ? micro_batch_ : 2 * micro_batch_;
  pass_.prepare(workspace);
  std::int64_t scratch = 0;
  for (int index = std::max(first_ - 1, 0); index <= last_; ++index) {
    const BlockPlan& plan = network_.block(index).plan();
    Activity& activity = activity_[static_cast<std::size_t>(index)];
    if (index < last_) activity.output = workspace.take(batch_of(rows, plan.output), dtype);
    if (index < first_) continue;
    network_.block(index).take_kept(rows, dtype, workspace, activity);
    scratch = std::max(scratch, plan.backward_scratch);
  }
  output_ = workspace.take(batch_of(2 * micro_batch_, network_.block(last_).plan().output), dtype);
  head_pass_.prepare(2 * micro_batch_, workspace);
  micro_batch_loss_.prepare(head_pass_.head().features(), network_.setup().master_dtype(), workspace);
  const std::array<std::int64_t, 2> sizes = error_sizes();
  for (std::size_t i = 0; i < sizes.size(); ++i) error_maps_[i] = workspace.take({rows * sizes[i]}, dtype);
  scratch_ = workspace.take({rows * scratch}, dtype);
  if (first_ == 0) gathered_images_ = workspace.take(batch_of(rows, network_.image()), dtype);
}

std::array<std::int64_t, 2> BlockRange::error_sizes() const {
  std::array<std::int64_t, 2> sizes{};
  for (int index = last_; index >= first_; --index) {
    std::int64_t& size = sizes[static_cast<std::size_t>(last_ - index) % 2];
    size = std::max(size, network_.block(index).plan().output.size());
  }
  return sizes;
}

void BlockRange::step(const Tensor& images, StepContext context, Tensor& totals) {
  const std::int64_t pairs = images.extent(0) / 2;
  context.block = last_;
  updates_.clear();
  for (std::int64_t first = 0; first < pairs; first += micro_batch_) {
    const MicroBatch micro_batch = micro_batch_of(images, first);
    run_up(micro_batch);
    Tensor errors = head_pass_.errors();
    micro_batch_loss_.evaluate(head_pass_.embeddings(), first, context, errors, totals);
    UpdateOptions options(context.learning_rate, &updates_);
    options.accumulate = first > 0;
    options.apply = first + micro_batch_ >= pairs;
    run_down(gather_error_rows(micro_batch), micro_batch.begin(), options);
  }
  updates_.apply();
}

BlockRange::MicroBatch BlockRange::micro_batch_of(const Tensor& images, std::int64_t first) const {
  if (!head_pass_.loss().stops_gradient()) return {images.rows(0, 0), images};
  const std::int64_t pairs = images.extent(0) / 2;
  const std::int64_t last = std::min(first + micro_batch_, pairs);
  return {images.rows(first, last), images.rows(pairs + first, pairs + last)};
}

void BlockRange::run_up(const MicroBatch& micro_batch) {
  no_gradient_activity_.back().output = output_.rows(0, micro_batch.begin());
  activity_.back().output = output_.rows(micro_batch.begin(), micro_batch.rows());
  pass_.run(micro_batch.no_gradient, no_gradient_activity_);
  pass_.run(micro_batch.with_gradient, activity_);
  head_pass_.forward(output_.rows(0, micro_batch.rows()));
}

Tensor BlockRange::gather_error_rows(const MicroBatch& micro_batch) {
  const std::int64_t begin = micro_batch.begin();
  const std::int64_t rows = micro_batch.rows();
  Tensor errors = head_pass_.errors().rows(begin, rows);
  if (!drops_rows_) {
    error_rows_.take_all(rows - begin);
  } else {
    error_rows_.find(errors, rows / 2 - begin);
  }
  if (!error_rows_.leaves_rows_out()) return micro_batch.with_gradient;
  Tensor embeddings = head_pass_.embeddings().rows(begin, rows);
  error_rows_.gather(errors);
  error_rows_.gather(embeddings);
  for (int index = std::max(first_ - 1, 0); index <= last_; ++index) {
    Activity activity = activity_[static_cast<std::size_t>(index)].rows(0, rows - begin);
    error_rows_.gather(activity.output);
    for (Tensor& kept : activity.kept) {
      if (!kept.empty()) error_rows_.gather(kept);
    }
  }
  if (first_ > 0) return {};
  Tensor gathered = gathered_images_.rows(0, error_rows_.end() - error_rows_.begin());
  error_rows_.gather(micro_batch.with_gradient, gathered);
  return gathered;
}

void BlockRange::run_down(const Tensor& images, std::int64_t begin, const UpdateOptions& options) {
  const std::int64_t from = error_rows_.begin();
  const std::int64_t to = error_rows_.end();
  const auto activity = [&](int index) { return activity_[static_cast<std::size_t>(index)].rows(from, to); };
  Tensor error = error_maps_[0].part(0, activity(last_).output.shape());
  head_pass_.backward(begin + from, begin + to, error);
  head_pass_.learn(begin + from, begin + to, options);
  for (int index = last_; index >= first_; --index) {
    Block& block = network_.block(index);
    BlockStep step{.input = index == 0 ? images : activity(index - 1).output,
                   .activity = activity(index),
                   .error = error,
                   .scratch = scratch_};
    Tensor error_input;
    if (index > first_) {
      error_input = error_maps_[static_cast<std::size_t>(last_ - index + 1) % 2].part(0, step.input.shape());
    }
    block.backward(step, error_input);
    block.learn(step, options);
    error = error_input;
  }
}

}  // namespace biossl
