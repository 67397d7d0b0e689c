#include "biossl/rules/chain.h"

#include <algorithm>
#include <utility>

namespace biossl {

Chain::Chain(Network& network, Loss& loss, int first, int last, std::int64_t batch)
    : network_(network),
      loss_(loss),
      first_(first),
      last_(last),
      batch_(batch),
      pass_(network, last, 2 * batch),
      learnt_(static_cast<std::size_t>(last) + 1),
      remembered_(learnt_.size()),
      learning_rows_(batch, network.setup().device) {
  network.head(last);  // made now, so that a checkpoint holds it from the start
}

void Chain::prepare(Workspace& workspace) {
  const DType dtype = network_.setup().dtype;
  const std::int64_t rows = loss_.blocks_memory() ? batch_ : 2 * batch_;
  pass_.prepare(workspace);
  for (int index = std::max(first_ - 1, 0); index <= last_; ++index) {
    const Block& block = network_.block(index);
    const Shape map = batch_of(rows, block.plan().output);
    Activity& activity = learnt_[static_cast<std::size_t>(index)];
    if (index < last_) activity.output = workspace.take(map, dtype);
    if (index >= first_ && block.spec().pool > 1) activity.argmax = workspace.take(map, DType::uint8);
  }
  output_ = workspace.take(batch_of(2 * batch_, network_.block(last_).plan().output), dtype);
  Head& head = network_.head(last_);
  head.prepare(2 * batch_, workspace);
  for (Tensor* tensor : {&embeddings_, &errors_}) {
    *tensor = workspace.take({2 * batch_, head.features()}, network_.setup().master_dtype());
  }
  const std::array<std::int64_t, 2> sizes = error_sizes();
  for (std::size_t i = 0; i < sizes.size(); ++i) error_maps_[i] = workspace.take({rows * sizes[i]}, dtype);
  if (first_ == 0) learning_images_ = workspace.take(batch_of(rows, network_.image()), dtype);
}

/// An image's share of each error map: what run_down puts there.
std::array<std::int64_t, 2> Chain::error_sizes() const {
  std::array<std::int64_t, 2> sizes{network_.block(last_).plan().output.size(), 0};
  std::size_t current = 0;
  const auto move_on = [&](const Shape& map) {
    current = 1 - current;
    sizes[current] = std::max(sizes[current], map.size());
  };
  for (int index = last_; index >= first_; --index) {
    const Block& block = network_.block(index);
    if (block.spec().pool > 1) move_on(block.plan().unpooled);
    if (index > first_) move_on(block.plan().input);
  }
  return sizes;
}

void Chain::step(const Tensor& images, const Moment& moment, Tensor& totals) {
  const std::int64_t rows = images.extent(0);
  const std::int64_t begin = loss_.blocks_memory() ? rows / 2 : 0;
  run_up(images, begin);
  Tensor errors = errors_.rows(0, rows);
  loss_.evaluate(embeddings_.rows(0, rows), moment, errors, totals);
  run_down(gather_learning_rows(images, begin), begin, moment.learning_rate);
}

Tensor Chain::gather_learning_rows(const Tensor& images, std::int64_t begin) {
  const std::int64_t rows = images.extent(0);
  Tensor errors = errors_.rows(begin, rows);
  learning_rows_.find(errors, rows / 2 - begin);
  if (!learning_rows_.leave_some_out()) return images.rows(begin, rows);
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
  learning_rows_.gather(images.rows(begin, rows), gathered);
  return gathered;
}

void Chain::run_up(const Tensor& images, std::int64_t begin) {
  const std::int64_t rows = images.extent(0);
  remembered_.back().output = output_.rows(0, begin);
  learnt_.back().output = output_.rows(begin, rows);
  pass_.run(images.rows(0, begin), remembered_);
  pass_.run(images.rows(begin, rows), learnt_);
  Tensor embeddings = embeddings_.rows(0, rows);
  network_.head(last_).forward(output_.rows(0, rows), embeddings);
}

void Chain::run_down(const Tensor& images, std::int64_t begin, double learning_rate) {
  const std::int64_t from = learning_rows_.begin();
  const std::int64_t to = learning_rows_.end();
  const auto learnt = [&](int index) { return learnt_[static_cast<std::size_t>(index)].rows(from, to); };
  Tensor* current = &error_maps_[0];
  Tensor* spare = &error_maps_[1];
  Tensor error = current->part(0, learnt(last_).output.shape());
  network_.head(last_).learn(output_, embeddings_, errors_, begin + from, begin + to, learning_rate, error);
  for (int index = last_; index >= first_; --index) {
    Block& block = network_.block(index);
    const Tensor below = index == 0 ? images : learnt(index - 1).output;
    Tensor synapse_error = block.error_of_synapses(learnt(index), error, *spare);
    if (block.spec().pool > 1) std::swap(current, spare);
    if (index > first_) {
      error = spare->part(0, below.shape());
      block.synapses().send_back(synapse_error, error);
    }
    block.synapses().learn(below, synapse_error, learning_rate);
    std::swap(current, spare);
  }
}

}  // namespace biossl
