#include "biossl/network/mlp_head.h"

#include "biossl/core/error.h"
#include "biossl/ops/ops.h"

namespace biossl {
namespace {

constexpr std::int64_t most_units = 1'000'000;
constexpr std::int64_t most_layers = 16;

const MlpHeadOptions& checked(const MlpHeadOptions& options) {
  check(options.features >= 1 && options.features <= most_units, "network.head",
        "features = {} must be between 1 and {}", options.features, most_units);
  check(options.hidden >= 1 && options.hidden <= most_units, "network.head", "hidden = {} must be between 1 and {}",
        options.hidden, most_units);
  check(options.layers >= 1 && options.layers <= most_layers, "network.head", "layers = {} must be between 1 and {}",
        options.layers, most_layers);
  return options;
}

}  // namespace

MlpHead::MlpHead(const MlpHeadOptions& options, const HeadSetup& setup)
    : options_(checked(options)),
      activation_(activation_named(options.activation)),
      map_(average_pooled(setup.map, options.average_pool)),
      dtype_(setup.synapses.dtype) {
  for (std::int64_t layer = 0; layer < options.layers; ++layer) {
    const Shape input = layer == 0 ? map_ : Shape{1, 1, options.hidden};
    const std::int64_t units = layer + 1 == options.layers ? options.features : options.hidden;
    layers_.emplace_back(setup.synapses, input, units, options.bias,
                         setup.layer_index(static_cast<std::uint32_t>(layer)));
  }
  hidden_.resize(layers_.size() - 1);
  error_hidden_.resize(layers_.size() - 1);
  layer_errors_.resize(layers_.size());
}

std::int64_t MlpHead::parameters() const {
  std::int64_t sum = 0;
  for (const LinearSynapses& layer : layers_) sum += layer.parameters();
  return sum;
}

std::int64_t MlpHead::operations() const {
  std::int64_t sum = 0;
  for (const LinearSynapses& layer : layers_) sum += 2 * layer.weights().values().size();
  return sum;
}

std::string MlpHead::description() const {
  std::string text = options_.average_pool > 1 ? fmt::format("average-pool {}, ", options_.average_pool) : "";
  for (std::int64_t layer = 1; layer < options_.layers; ++layer) {
    text += fmt::format("linear {}, {}, ", options_.hidden, options_.activation);
  }
  return text + "linear";
}

void MlpHead::prepare(std::int64_t rows, Workspace& workspace) {
  if (options_.average_pool > 1) {
    for (Tensor* tensor : {&pooled_, &error_pooled_}) *tensor = workspace.take(batch_of(rows, map_), dtype_);
  }
  for (std::size_t layer = 0; layer < hidden_.size(); ++layer) {
    hidden_[layer] = workspace.take({rows, options_.hidden}, dtype_);
    error_hidden_[layer] = workspace.take({rows, options_.hidden}, dtype_);
  }
  if (dtype_ == DType::bfloat16) narrow_errors_ = workspace.take({rows, options_.features}, dtype_);
}

Tensor MlpHead::input_of(std::size_t layer, const Tensor& activity, std::int64_t begin, std::int64_t end) const {
  if (layer > 0) return hidden_[layer - 1].rows(begin, end);
  if (options_.average_pool == 1) return activity.rows(begin, end);
  Tensor pooled = pooled_.rows(begin, end);
  ops::average_pool_forward(activity.rows(begin, end), options_.average_pool, pooled);
  return pooled;
}

void MlpHead::forward(const Tensor& activity, Tensor& embeddings) {
  const std::int64_t rows = activity.extent(0);
  for (std::size_t layer = 0; layer < hidden_.size(); ++layer) {
    Tensor hidden = hidden_[layer].rows(0, rows);
    layers_[layer].forward(input_of(layer, activity, 0, rows), activation_, hidden);
  }
  layers_.back().forward(input_of(hidden_.size(), activity, 0, rows), Activation::none, embeddings);
}

void MlpHead::backward(const Tensor& activity, const Tensor& /*embeddings*/, Tensor& errors, std::int64_t begin,
                       std::int64_t end, Tensor& error_activity) {
  // Computed anew: since the forward pass, rows of the activity may have changed places.
  for (std::size_t layer = 0; layer < hidden_.size(); ++layer) {
    Tensor hidden = hidden_[layer].rows(begin, end);
    layers_[layer].forward(input_of(layer, activity, begin, end), activation_, hidden);
  }
  Tensor error = errors.rows(begin, end);
  if (!narrow_errors_.empty()) {
    Tensor narrow = narrow_errors_.rows(begin, end);
    ops::convert(error, narrow);
    error = narrow;
  }
  layer_errors_.back() = error;
  for (std::size_t layer = layers_.size() - 1; layer > 0; --layer) {
    Tensor below = error_hidden_[layer - 1].rows(begin, end);
    layers_[layer].send_back(layer_errors_[layer], below);
    if (activation_ != Activation::none) {
      ops::activation_backward(below, hidden_[layer - 1].rows(begin, end), activation_, below);
    }
    layer_errors_[layer - 1] = below;
  }
  if (error_activity.empty()) return;
  const bool pools = options_.average_pool > 1;
  Tensor error_map = pools ? error_pooled_.rows(begin, end) : error_activity;
  layers_.front().send_back(layer_errors_.front(), error_map);
  if (pools) ops::average_pool_backward(error_map, options_.average_pool, error_activity);
}

void MlpHead::learn(const Tensor& activity, std::int64_t begin, std::int64_t end, const UpdateOptions& options) {
  for (std::size_t layer = 0; layer < layers_.size(); ++layer) {
    layers_[layer].learn(input_of(layer, activity, begin, end), layer_errors_[layer], options);
  }
}

void MlpHead::each_layer(const std::string& name, const LayerVisitor& visit) {
  for (std::size_t layer = 0; layer < layers_.size(); ++layer) visit(fmt::format("{}.{}", name, layer), layers_[layer]);
}

namespace {

const Registration<HeadRegistry, MlpHead, MlpHeadOptions> registration(
    "mlp", "linear layers with a nonlinearity between them (a projector)");

}  // namespace
}  // namespace biossl
