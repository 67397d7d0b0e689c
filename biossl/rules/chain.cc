#include "biossl/rules/chain.h"

#include <algorithm>
#include <utility>

namespace biossl {

Chain::Chain(Network& network, Loss& loss, int first, int last, std::int64_t batch)
    : network_(network), loss_(loss), first_(first), last_(last) {
  const std::int64_t rows = 2 * batch;
  const std::int64_t error_rows = loss.blocks_memory() ? batch : rows;
  const SynapsesSetup& setup = network.setup();
  std::int64_t largest = 0;
  for (int index = first; index <= last; ++index) {
    activities_.push_back(network.block(index).make_activity(rows));
    largest = std::max(largest, network.block(index).plan().unpooled.size());
  }
  network.head(last).prepare(rows);
  const Shape embeddings{rows, network.head(last).features()};
  embeddings_ = Tensor(embeddings, setup.master_dtype(), setup.device);
  errors_ = Tensor(embeddings, setup.master_dtype(), setup.device);
  for (Tensor& buffer : error_buffers_) buffer = Tensor({error_rows * largest}, setup.dtype, setup.device);
}

void Chain::step(const Tensor& input, const Moment& moment, Tensor& totals) {
  const std::int64_t rows = input.extent(0);
  run_up(input);
  Tensor errors = errors_.rows(0, rows);
  loss_.evaluate(embeddings_.rows(0, rows), moment, errors, totals);
  run_down(input, loss_.blocks_memory() ? rows / 2 : 0, rows, moment.learning_rate);
}

void Chain::run_up(const Tensor& input) {
  const std::int64_t rows = input.extent(0);
  for (int index = first_; index <= last_; ++index) {
    Activity activity = activities_[static_cast<std::size_t>(index - first_)].rows(0, rows);
    network_.block(index).forward(input_of(index, input).rows(0, rows), activity);
  }
  Tensor embeddings = embeddings_.rows(0, rows);
  network_.head(last_).forward(activities_.back().output.rows(0, rows), embeddings);
}

void Chain::run_down(const Tensor& input, std::int64_t begin, std::int64_t end, double learning_rate) {
  Tensor* error_buffer = &error_buffers_[0];
  Tensor* spare_buffer = &error_buffers_[1];
  const auto in_buffer = [&](const Tensor& buffer, const Tensor& like) {
    return buffer.part(0, like.shape().with_rows(end - begin));
  };
  Tensor error = in_buffer(*error_buffer, activities_.back().output);
  network_.head(last_).learn(activities_.back().output, embeddings_, errors_, begin, end, learning_rate, error);
  for (int index = last_; index >= first_; --index) {
    Block& block = network_.block(index);
    const Activity activity = activities_[static_cast<std::size_t>(index - first_)].rows(begin, end);
    const Tensor below = input_of(index, input).rows(begin, end);
    Tensor synapse_error = block.error_of_synapses(activity, error, *spare_buffer);
    if (synapse_error.raw() == spare_buffer->raw()) std::swap(error_buffer, spare_buffer);
    if (index > first_) {
      error = in_buffer(*spare_buffer, below);
      block.synapses().send_back(synapse_error, error);
    }
    block.synapses().learn(below, synapse_error, learning_rate);
    std::swap(error_buffer, spare_buffer);
  }
}

const Tensor& Chain::input_of(int index, const Tensor& input) const {
  return index == first_ ? input : activities_[static_cast<std::size_t>(index - first_ - 1)].output;
}

}  // namespace biossl
