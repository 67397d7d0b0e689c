#include "biossl/network/linear_head.h"

#include "biossl/core/error.h"
#include "biossl/ops/ops.h"

namespace biossl {
namespace {

constexpr std::int64_t most_features = 1'000'000;

const LinearHeadOptions& checked(const LinearHeadOptions& options) {
  check(options.features >= 1 && options.features <= most_features, "network.head",
        "features = {} must be between 1 and {}", options.features, most_features);
  return options;
}

}  // namespace

LinearHead::LinearHead(const LinearHeadOptions& options, const HeadSetup& setup)
    : options_(checked(options)),
      activation_(activation_named(options.activation)),
      map_(average_pooled(setup.map, options.average_pool)),
      dtype_(setup.synapses.dtype),
      synapses_(setup.synapses, map_, options.features, options.bias, setup.index) {}

std::string LinearHead::description() const {
  std::string text =
      options_.average_pool > 1 ? fmt::format("average-pool {}, linear", options_.average_pool) : "linear";
  if (activation_ != Activation::none) text += fmt::format(", {}", name_of(activation_));
  return text;
}

void LinearHead::prepare(std::int64_t rows, Workspace& workspace) {
  if (options_.average_pool > 1) {
    pooled_ = workspace.take(batch_of(rows, map_), dtype_);
    error_pooled_ = workspace.take(batch_of(rows, map_), dtype_);
  }
  if (dtype_ == DType::bfloat16) narrow_errors_ = workspace.take({rows, options_.features}, dtype_);
}

void LinearHead::forward(const Tensor& activity, Tensor& embeddings) {
  if (options_.average_pool == 1) return synapses_.forward(activity, activation_, embeddings);
  Tensor pooled = pooled_.rows(0, activity.extent(0));
  ops::average_pool_forward(activity, options_.average_pool, pooled);
  synapses_.forward(pooled, activation_, embeddings);
}

void LinearHead::backward(const Tensor& /*activity*/, const Tensor& embeddings, Tensor& errors, std::int64_t begin,
                          std::int64_t end, Tensor& error_activity) {
  error_ = errors.rows(begin, end);
  if (activation_ != Activation::none) {
    ops::activation_backward(error_, embeddings.rows(begin, end), activation_, error_);
  }
  if (!narrow_errors_.empty()) {
    Tensor narrow = narrow_errors_.rows(begin, end);
    ops::convert(error_, narrow);
    error_ = narrow;
  }
  if (error_activity.empty()) return;
  const bool pools = options_.average_pool > 1;
  Tensor error_map = pools ? error_pooled_.rows(begin, end) : error_activity;
  synapses_.send_back(error_, error_map);
  if (pools) ops::average_pool_backward(error_map, options_.average_pool, error_activity);
}

void LinearHead::learn(const Tensor& activity, std::int64_t begin, std::int64_t end, const UpdateOptions& options) {
  Tensor input = activity.rows(begin, end);
  if (options_.average_pool > 1) {
    // Pooled anew: since the forward pass, rows may have changed places.
    input = pooled_.rows(begin, end);
    ops::average_pool_forward(activity.rows(begin, end), options_.average_pool, input);
  }
  synapses_.learn(input, error_, options);
}

namespace {

const Registration<HeadRegistry, LinearHead, LinearHeadOptions> registration(
    "linear", "average-pooling, a linear layer, a nonlinearity");

}  // namespace
}  // namespace biossl
