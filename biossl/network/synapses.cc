#include "biossl/network/synapses.h"

#include <cmath>

#include "biossl/ops/ops.h"

namespace biossl {
namespace {

/// Uniform in +-bound; drawn on the host in single precision, so that every device and type starts from the same
/// weights.
void draw_uniform(Tensor& values, Random random, float bound) {
  Tensor drawn({values.size()}, DType::float32, Device::cpu);
  for (float& value : drawn.span<float>()) value = random.uniform(-bound, bound);
  Tensor flat = values.reshaped({values.size()});
  if (values.dtype() == DType::float32) return copy(drawn, flat);
  auto target = flat.span<double>();
  for (std::size_t i = 0; i < target.size(); ++i) target[i] = static_cast<double>(drawn.data<float>()[i]);
}

}  // namespace

Synapses::Synapses(const SynapsesSetup& setup, const Shape& shape, const Shape& channels_last, const Shape& file_shape,
                   bool bias, std::uint32_t index, std::int64_t units)
    : optimizer_(setup.optimizer),
      feedback_(FeedbackRegistry::instance().make(setup.feedback, setup.feedback_settings)),
      channels_last_(channels_last),
      file_shape_(file_shape),
      steps_({1}, DType::int32, Device::cpu) {
  const std::int64_t outputs = units > 0 ? units : shape[0];
  const Shape all{shape.size() + (bias ? outputs : 0)};
  parameters_ = Tensor(all, setup.master_dtype(), setup.device);
  update_ = Tensor(all, setup.master_dtype(), setup.device);
  for (std::size_t i = 0; i < optimizer_->state_names().size(); ++i) {
    optimizer_state_.emplace_back(all, setup.master_dtype(), setup.device);
  }
  weights_ = Weights(parameters_.part(0, shape));
  weight_update_ = update_.part(0, shape);
  if (bias) {
    bias_ = parameters_.part(shape.size(), {outputs});
    bias_update_ = update_.part(shape.size(), {outputs});
  }
  // Kaiming-uniform with a = sqrt(5), weights and bias alike.
  const float bound = 1.0F / std::sqrt(static_cast<float>(shape.row_size()));
  draw_uniform(parameters_, Random(setup.seed, Purpose::weights, 0, index), bound);
  feedback_->attach(weights_, Random(setup.seed, Purpose::feedback, 0, index), bound);
}

void Synapses::learn(const Tensor& pre, const Tensor& error_post, double learning_rate) {
  compute_update(pre, error_post, weight_update_, bias_update_);
  const std::int64_t step = ++*steps_.data<std::int32_t>();
  optimizer_->step(update_, learning_rate, step, parameters_, optimizer_state_);
  weights_.changed();
}

State Synapses::state(const std::string& prefix, bool learning) {
  State state;
  const Shape& shape = weights_.values().shape();
  const auto add = [&](const std::string& name, const Tensor& whole) {
    state.push_back({prefix + name + "weight", whole.part(0, shape), channels_last_, file_shape_});
    if (!bias_.empty())
      state.push_back({prefix + name + "bias", whole.part(shape.size(), bias_.shape()), {}, bias_.shape()});
  };
  add("", parameters_);
  if (!learning) return state;
  const std::vector<std::string> names = optimizer_->state_names();
  for (std::size_t i = 0; i < names.size(); ++i) add("optimizer." + names[i] + ".", optimizer_state_[i]);
  state.push_back({prefix + "optimizer.steps", steps_, {}, {1}});
  for (StateTensor& tensor : feedback_->state()) {
    tensor.name = prefix + "feedback." + tensor.name;
    state.push_back(tensor);
  }
  return state;
}

void Synapses::restored() {
  weights_.changed();
  feedback_->restored();
}

ConvolutionSynapses::ConvolutionSynapses(const SynapsesSetup& setup, std::int64_t inputs, std::int64_t outputs,
                                         const Conv2d& conv, bool bias, std::uint32_t index)
    : Synapses(setup, {outputs, conv.kernel, conv.kernel, inputs}, {outputs, conv.kernel, conv.kernel, inputs},
               {outputs, inputs, conv.kernel, conv.kernel}, bias, index),
      conv_(conv) {}

void ConvolutionSynapses::forward(const Tensor& pre, Activation activation, Tensor& post) const {
  ops::conv2d_forward(pre, weights_, bias_, conv_, activation, post);
}

void ConvolutionSynapses::descend(const Tensor& error_post, const Weights& path, Tensor& error_pre) const {
  ops::conv2d_backward_data(error_post, path, conv_, error_pre);
}

void ConvolutionSynapses::compute_update(const Tensor& pre, const Tensor& error_post, Tensor& weight_update,
                                         Tensor& bias_update) const {
  ops::conv2d_backward_weights(pre, error_post, conv_, weight_update, bias_update);
}

LinearSynapses::LinearSynapses(const SynapsesSetup& setup, const Shape& map, std::int64_t outputs, bool bias,
                               std::uint32_t index)
    : Synapses(setup, {outputs, map.size()}, {outputs, map[0], map[1], map[2]}, {outputs, map.size()}, bias, index) {}

void LinearSynapses::forward(const Tensor& pre, Activation activation, Tensor& post) const {
  ops::linear_forward(pre, weights_, bias_, activation, post);
}

void LinearSynapses::descend(const Tensor& error_post, const Weights& path, Tensor& error_pre) const {
  ops::linear_backward_data(error_post, path, error_pre);
}

void LinearSynapses::compute_update(const Tensor& pre, const Tensor& error_post, Tensor& weight_update,
                                    Tensor& bias_update) const {
  ops::linear_backward_weights(pre, error_post, weight_update, bias_update);
}

}  // namespace biossl
