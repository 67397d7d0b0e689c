#include "biossl/network/linear_synapses.h"

#include "biossl/ops/ops.h"

namespace biossl {

LinearSynapses::LinearSynapses(const SynapsesSetup& setup, const Shape& map, std::int64_t outputs, bool bias,
                               std::uint32_t index)
    : Synapses(setup, {outputs, map.size()}, {outputs, map[0], map[1], map[2]}, {outputs, map.size()}, bias, index),
      map_(map) {}

void LinearSynapses::drive(const Tensor& pre, Tensor& post) const {
  Tensor rows = post.reshaped({post.extent(0), weights_.values().extent(0)});
  ops::linear_forward(pre, weights_, {}, Activation::none, rows);
}

void LinearSynapses::correlate(const Tensor& pre, const Tensor& post, Tensor& product) const {
  Tensor no_bias;
  ops::linear_backward_weights(pre, post.reshaped({post.extent(0), weights_.values().extent(0)}), product, no_bias);
}

void LinearSynapses::forward(const Tensor& pre, Activation activation, Tensor& post) const {
  ops::linear_forward(pre, weights_, bias_, activation, post);
}

void LinearSynapses::descend(const PooledError& error_post, const Weights& path, Tensor& error_pre) const {
  ops::linear_backward_data(error_post.values, path, error_pre);
}

void LinearSynapses::compute_update(const Tensor& pre, const PooledError& error_post, Tensor& weight_update,
                                    Tensor& bias_update) const {
  ops::linear_backward_weights(pre, error_post.values, weight_update, bias_update);
}

}  // namespace biossl
