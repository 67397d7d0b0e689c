#include "biossl/network/linear_head.h"

#include "biossl/ops/ops.h"

namespace biossl {

LinearHead::LinearHead(const HeadSpec& spec, const Shape& block_output, const SynapsesSetup& setup, std::uint32_t index)
    : spec_(spec),
      map_(head_input(spec, block_output)),
      dtype_(setup.dtype),
      synapses_(setup, map_, spec.features, spec.bias, index) {}

void LinearHead::prepare(std::int64_t rows, Workspace& workspace) {
  if (spec_.average_pool > 1) {
    pooled_ = workspace.take(batch_of(rows, map_), dtype_);
    error_pooled_ = workspace.take(batch_of(rows, map_), dtype_);
  }
  if (dtype_ == DType::bfloat16) narrow_errors_ = workspace.take({rows, spec_.features}, dtype_);
}

void LinearHead::forward(const Tensor& activity, Tensor& embeddings) {
  if (spec_.average_pool == 1) return synapses_.forward(activity, spec_.activation, embeddings);
  Tensor pooled = pooled_.rows(0, activity.extent(0));
  ops::average_pool_forward(activity, spec_.average_pool, pooled);
  synapses_.forward(pooled, spec_.activation, embeddings);
}

void LinearHead::learn(const Tensor& activity, const Tensor& embeddings, Tensor& errors, std::int64_t begin,
                       std::int64_t end, const UpdateOptions& options, Tensor& error_activity) {
  Tensor error = errors.rows(begin, end);
  if (spec_.activation != Activation::none) {
    ops::activation_backward(error, embeddings.rows(begin, end), spec_.activation, error);
  }
  if (!narrow_errors_.empty()) {
    Tensor narrow = narrow_errors_.rows(begin, end);
    ops::convert(error, narrow);
    error = narrow;
  }
  const bool pools = spec_.average_pool > 1;
  if (!error_activity.empty()) {
    Tensor error_map = pools ? error_pooled_.rows(begin, end) : error_activity;
    synapses_.send_back(error, error_map);
    if (pools) ops::average_pool_backward(error_map, spec_.average_pool, error_activity);
  }
  Tensor input = activity.rows(begin, end);
  if (pools) {
    // Pooled anew: since the forward pass, rows may have changed places.
    input = pooled_.rows(begin, end);
    ops::average_pool_forward(activity.rows(begin, end), spec_.average_pool, input);
  }
  synapses_.learn(input, error, options);
}

}  // namespace biossl
