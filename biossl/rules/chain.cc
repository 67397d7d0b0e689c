#include "biossl/rules/chain.h"

#include <algorithm>
#include <utility>

namespace biossl {

Chain::Chain(Network& network, Loss& loss, int first, int last, std::int64_t batch, std::int64_t chunk)
    : network_(network),
      loss_(loss),
      first_(first),
      last_(last),
      chunk_(chunk == 0 ? batch : std::min(chunk, batch)),
      loss_in_chunks_(loss, chunk_, batch),
      pass_(network, last, 2 * chunk_),
      learnt_(static_cast<std::size_t>(last) + 1),
      remembered_(learnt_.size()),
      learning_rows_(chunk_, network.setup().device) {
  network.add_head(last);
}

void Chain::prepare(Workspace& workspace) {
  const DType dtype = network_.setup().dtype;
  const std::int64_t rows = loss_.blocks_memory() ? chunk_ : 2 * chunk_;
  pass_.prepare(workspace);
  for (int index = std::max(first_ - 1, 0); index <= last_; ++index) {
    const Block& block = network_.block(index);
    const Shape map = batch_of(rows, block.plan().output);
    Activity& activity = learnt_[static_cast<std::size_t>(index)];
    if (index < last_) activity.output = workspace.take(map, dtype);
    if (index >= first_ && block.spec().pool > 1) activity.argmax = workspace.take(map, DType::uint8);
  }
  output_ = workspace.take(batch_of(2 * chunk_, network_.block(last_).plan().output), dtype);
  Head& head = network_.head(last_);
  head.prepare(2 * chunk_, workspace);
  for (Tensor* tensor : {&embeddings_, &errors_}) {
    *tensor = workspace.take({2 * chunk_, head.features()}, network_.setup().master_dtype());
  }
  loss_in_chunks_.prepare(head.features(), network_.setup().master_dtype(), workspace);
  const std::array<std::int64_t, 2> sizes = error_sizes();
  for (std::size_t i = 0; i < sizes.size(); ++i) error_maps_[i] = workspace.take({rows * sizes[i]}, dtype);
  std::int64_t unpooled = 0;
  for (int index = first_; index <= last_; ++index) {
    const Block& block = network_.block(index);
    if (block.spec().pool > 1) unpooled = std::max(unpooled, block.plan().unpooled.size());
  }
  spread_ = workspace.take({rows * unpooled}, dtype);
  if (first_ == 0) learning_images_ = workspace.take(batch_of(rows, network_.image()), dtype);
}

std::array<std::int64_t, 2> Chain::error_sizes() const {
  std::array<std::int64_t, 2> sizes{};
  for (int index = last_; index >= first_; --index) {
    std::int64_t& size = sizes[static_cast<std::size_t>(last_ - index) % 2];
    size = std::max(size, network_.block(index).plan().output.size());
  }
  return sizes;
}

void Chain::step(const Tensor& images, const Moment& moment, Tensor& totals) {
  const std::int64_t pairs = images.extent(0) / 2;
  updates_.clear();
  for (std::int64_t first = 0; first < pairs; first += chunk_) {
    const Chunk chunk = chunk_of(images, first);
    run_up(chunk);
    Tensor errors = errors_.rows(0, chunk.rows());
    loss_in_chunks_.evaluate(embeddings_.rows(0, chunk.rows()), first, moment, errors, totals);
    UpdateOptions options(moment.learning_rate, &updates_);
    options.accumulate = first > 0;
    options.apply = first + chunk_ >= pairs;
    run_down(gather_learning_rows(chunk), chunk.begin(), options);
  }
  updates_.apply();
}

Chain::Chunk Chain::chunk_of(const Tensor& images, std::int64_t first) const {
  if (!loss_.blocks_memory()) return {images.rows(0, 0), images};
  const std::int64_t pairs = images.extent(0) / 2;
  const std::int64_t last = std::min(first + chunk_, pairs);
  return {images.rows(first, last), images.rows(pairs + first, pairs + last)};
}

void Chain::run_up(const Chunk& chunk) {
  remembered_.back().output = output_.rows(0, chunk.begin());
  learnt_.back().output = output_.rows(chunk.begin(), chunk.rows());
  pass_.run(chunk.remembered, remembered_);
  pass_.run(chunk.learnt, learnt_);
  Tensor embeddings = embeddings_.rows(0, chunk.rows());
  network_.head(last_).forward(output_.rows(0, chunk.rows()), embeddings);
}

Tensor Chain::gather_learning_rows(const Chunk& chunk) {
  const std::int64_t begin = chunk.begin();
  const std::int64_t rows = chunk.rows();
  Tensor errors = errors_.rows(begin, rows);
  learning_rows_.find(errors, rows / 2 - begin);
  if (!learning_rows_.leave_some_out()) return chunk.learnt;
  Tensor embeddings = embeddings_.rows(begin, rows);
  learning_rows_.gather(errors);
  learning_rows_.gather(embeddings);
  for (int index = std::max(first_ - 1, 0); index <= last_; ++index) {
    Activity activity = learnt_[static_cast<std::size_t>(index)].rows(0, rows - begin);
    learning_rows_.gather(activity.output);
    if (!activity.argmax.empty()) learning_rows_.gather(activity.argmax);
  }
  if (first_ > 0) return {};
  Tensor gathered = learning_images_.rows(0, learning_rows_.end() - learning_rows_.begin());
  learning_rows_.gather(chunk.learnt, gathered);
  return gathered;
}

void Chain::run_down(const Tensor& images, std::int64_t begin, const UpdateOptions& options) {
  const std::int64_t from = learning_rows_.begin();
  const std::int64_t to = learning_rows_.end();
  const auto learnt = [&](int index) { return learnt_[static_cast<std::size_t>(index)].rows(from, to); };
  Tensor error = error_maps_[0].part(0, learnt(last_).output.shape());
  network_.head(last_).learn(output_, embeddings_, errors_, begin + from, begin + to, options, error);
  for (int index = last_; index >= first_; --index) {
    Block& block = network_.block(index);
    const Tensor below = index == 0 ? images : learnt(index - 1).output;
    const UnitError synapse_error = block.error_of_synapses(learnt(index), error, spread_);
    if (index > first_) {
      error = error_maps_[static_cast<std::size_t>(last_ - index + 1) % 2].part(0, below.shape());
      block.synapses().send_back(synapse_error, error);
    }
    block.synapses().learn(below, synapse_error, options);
  }
}

}  // namespace biossl
