#include "biossl/rules/block_range.h"

#include <algorithm>
#include <utility>

namespace biossl {

BlockRange::BlockRange(Network& network, Loss& loss, int first, int last, std::int64_t batch, std::int64_t micro_batch)
    : network_(network),
      loss_(loss),
      first_(first),
      last_(last),
      micro_batch_(micro_batch == 0 ? batch : std::min(micro_batch, batch)),
      micro_batch_loss_(loss, micro_batch_, batch),
      pass_(network, last, 2 * micro_batch_),
      activity_(static_cast<std::size_t>(last) + 1),
      no_gradient_activity_(activity_.size()),
      error_rows_(micro_batch_, network.setup().device) {
  network.add_head(last);
}

void BlockRange::prepare(Workspace& workspace) {
  const DType dtype = network_.setup().dtype;
  const std::int64_t rows = loss_.stops_gradient() ? micro_batch_ : 2 * micro_batch_;
  pass_.prepare(workspace);
  for (int index = std::max(first_ - 1, 0); index <= last_; ++index) {
    const Block& block = network_.block(index);
    const Shape map = batch_of(rows, block.plan().output);
    Activity& activity = activity_[static_cast<std::size_t>(index)];
    if (index < last_) activity.output = workspace.take(map, dtype);
    if (index >= first_ && block.spec().pool > 1) activity.argmax = workspace.take(map, DType::uint8);
  }
  output_ = workspace.take(batch_of(2 * micro_batch_, network_.block(last_).plan().output), dtype);
  Head& head = network_.head(last_);
  head.prepare(2 * micro_batch_, workspace);
  for (Tensor* tensor : {&embeddings_, &errors_}) {
    *tensor = workspace.take({2 * micro_batch_, head.features()}, network_.setup().master_dtype());
  }
  micro_batch_loss_.prepare(head.features(), network_.setup().master_dtype(), workspace);
  const std::array<std::int64_t, 2> sizes = error_sizes();
  for (std::size_t i = 0; i < sizes.size(); ++i) error_maps_[i] = workspace.take({rows * sizes[i]}, dtype);
  std::int64_t unpooled = 0;
  for (int index = first_; index <= last_; ++index) {
    const Block& block = network_.block(index);
    if (block.spec().pool > 1) unpooled = std::max(unpooled, block.plan().unpooled.size());
  }
  spread_ = workspace.take({rows * unpooled}, dtype);
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

void BlockRange::step(const Tensor& images, const StepContext& context, Tensor& totals) {
  const std::int64_t pairs = images.extent(0) / 2;
  updates_.clear();
  for (std::int64_t first = 0; first < pairs; first += micro_batch_) {
    const MicroBatch micro_batch = micro_batch_of(images, first);
    run_up(micro_batch);
    Tensor errors = errors_.rows(0, micro_batch.rows());
    micro_batch_loss_.evaluate(embeddings_.rows(0, micro_batch.rows()), first, context, errors, totals);
    UpdateOptions options(context.learning_rate, &updates_);
    options.accumulate = first > 0;
    options.apply = first + micro_batch_ >= pairs;
    run_down(gather_error_rows(micro_batch), micro_batch.begin(), options);
  }
  updates_.apply();
}

BlockRange::MicroBatch BlockRange::micro_batch_of(const Tensor& images, std::int64_t first) const {
  if (!loss_.stops_gradient()) return {images.rows(0, 0), images};
  const std::int64_t pairs = images.extent(0) / 2;
  const std::int64_t last = std::min(first + micro_batch_, pairs);
  return {images.rows(first, last), images.rows(pairs + first, pairs + last)};
}

void BlockRange::run_up(const MicroBatch& micro_batch) {
  no_gradient_activity_.back().output = output_.rows(0, micro_batch.begin());
  activity_.back().output = output_.rows(micro_batch.begin(), micro_batch.rows());
  pass_.run(micro_batch.no_gradient, no_gradient_activity_);
  pass_.run(micro_batch.with_gradient, activity_);
  Tensor embeddings = embeddings_.rows(0, micro_batch.rows());
  network_.head(last_).forward(output_.rows(0, micro_batch.rows()), embeddings);
}

Tensor BlockRange::gather_error_rows(const MicroBatch& micro_batch) {
  const std::int64_t begin = micro_batch.begin();
  const std::int64_t rows = micro_batch.rows();
  Tensor errors = errors_.rows(begin, rows);
  error_rows_.find(errors, rows / 2 - begin);
  if (!error_rows_.leaves_rows_out()) return micro_batch.with_gradient;
  Tensor embeddings = embeddings_.rows(begin, rows);
  error_rows_.gather(errors);
  error_rows_.gather(embeddings);
  for (int index = std::max(first_ - 1, 0); index <= last_; ++index) {
    Activity activity = activity_[static_cast<std::size_t>(index)].rows(0, rows - begin);
    error_rows_.gather(activity.output);
    if (!activity.argmax.empty()) error_rows_.gather(activity.argmax);
  }
  if (first_ > 0) return {};
  Tensor gathered = gathered_images_.rows(0, error_rows_.end() - error_rows_.begin());
  error_rows_.gather(micro_batch.with_gradient, gathered);
  return gathered;
}

void BlockRange::run_down(const Tensor& images, std::int64_t begin, const UpdateOptions& options) {
  const std::int64_t from = error_rows_.begin();
  const std::int64_t to = error_rows_.end();
  const auto rows_of = [&](int index) { return activity_[static_cast<std::size_t>(index)].rows(from, to); };
  Tensor error = error_maps_[0].part(0, rows_of(last_).output.shape());
  network_.head(last_).learn(output_, embeddings_, errors_, begin + from, begin + to, options, error);
  for (int index = last_; index >= first_; --index) {
    Block& block = network_.block(index);
    const Tensor below = index == 0 ? images : rows_of(index - 1).output;
    const PooledError synapse_error = block.error_of_synapses(rows_of(index), error, spread_);
    if (index > first_) {
      error = error_maps_[static_cast<std::size_t>(last_ - index + 1) % 2].part(0, below.shape());
      block.synapses().send_back(synapse_error, error);
    }
    block.synapses().learn(below, synapse_error, options);
  }
}

}  // namespace biossl
