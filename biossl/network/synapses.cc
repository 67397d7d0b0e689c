#include "biossl/network/synapses.h"

#include <cmath>

#include "biossl/ops/ops.h"

namespace biossl {
namespace {

/// The cosine of the angle between two tensors of one shape and type; 0 where either is all zeros.
template <class T>
double cosine(const Tensor& one, const Tensor& other) {
  double product = 0;
  double square = 0;
  double other_square = 0;
  for (std::int64_t i = 0; i < one.size(); ++i) {
    const auto a = static_cast<double>(one.data<T>()[i]);
    const auto b = static_cast<double>(other.data<T>()[i]);
    product += a * b;
    square += a * a;
    other_square += b * b;
  }
  return square > 0 && other_square > 0 ? product / std::sqrt(square * other_square) : 0.0;
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
  step_.values = Tensor(all, setup.master_dtype(), setup.device);
  step_.update = Tensor(all, setup.master_dtype(), setup.device);
  for (std::size_t i = 0; i < optimizer_->state_names().size(); ++i) {
    step_.state.emplace_back(all, setup.master_dtype(), setup.device);
  }
  weights_ = Weights(step_.values.part(0, shape));
  weight_update_ = step_.update.part(0, shape);
  if (bias) {
    bias_ = step_.values.part(shape.size(), {outputs});
    bias_update_ = step_.update.part(shape.size(), {outputs});
  }
  // Kaiming-uniform with a = sqrt(5), weights and bias alike.
  const float bound = 1.0F / std::sqrt(static_cast<float>(shape.row_size()));
  ops::draw_uniform(Random(setup.seed, Purpose::weights, 0, index), bound, step_.values);
  feedback_->attach(weights_, Random(setup.seed, Purpose::feedback, 0, index), bound);
}

void Synapses::send_back(const PooledError& error_post, Tensor& error_pre) {
  descend(error_post, path(), error_pre);
  ++errors_sent_;
}

void Synapses::learn(const Tensor& pre, const PooledError& error_post, const UpdateOptions& options) {
  if (options.accumulate) {
    add_micro_batch(pre, error_post);
  } else {
    compute_update(pre, error_post, weight_update_, bias_update_);
  }
  if (!options.apply) return;
  if (options.queue != nullptr) return options.queue->add(*this, options.learning_rate);
  ParameterStep* const alone[] = {&begin_update(options.learning_rate)};
  optimizer_->step(alone);
  end_update();
}

ParameterStep& Synapses::begin_update(double learning_rate) {
  step_.learning_rate = learning_rate;
  step_.number = ++*steps_.data<std::int32_t>();
  return step_;
}

void Synapses::add_micro_batch(const Tensor& pre, const PooledError& error_post) {
  Tensor& update = step_.update;
  if (micro_batch_update_.empty()) micro_batch_update_ = Tensor(update.shape(), update.dtype(), update.device());
  Tensor weight_update = micro_batch_update_.part(0, weight_update_.shape());
  Tensor bias_update;
  if (!bias_update_.empty()) bias_update = micro_batch_update_.part(weight_update_.size(), bias_update_.shape());
  compute_update(pre, error_post, weight_update, bias_update);
  ops::add_scaled(update, 1.0, micro_batch_update_, update);
}

State Synapses::state(const std::string& prefix, bool learning) {
  State state;
  const Shape& shape = weights_.values().shape();
  const auto add = [&](const std::string& name, const Tensor& whole) {
    state.push_back({prefix + name + "weight", whole.part(0, shape), channels_last_, file_shape_});
    if (!bias_.empty())
      state.push_back({prefix + name + "bias", whole.part(shape.size(), bias_.shape()), {}, bias_.shape()});
  };
  add("", step_.values);
  if (!learning) return state;
  const std::vector<std::string> names = optimizer_->state_names();
  for (std::size_t i = 0; i < names.size(); ++i) add("optimizer." + names[i] + ".", step_.state[i]);
  state.push_back({prefix + "optimizer.steps", steps_, {}, {1}});
  for (const StateTensor& tensor : feedback_->state()) {
    const bool like_weights = tensor.tensor.shape() == shape;
    state.push_back({prefix + "feedback." + tensor.name, tensor.tensor, like_weights ? channels_last_ : Shape(),
                     like_weights ? file_shape_ : tensor.tensor.shape()});
  }
  return state;
}

void Synapses::restored() {
  weights_.changed();
  feedback_->restored();
}

PathRecord Synapses::path_record() {
  const Tensor forward = on_device(weights_.values(), Device::reference);
  const Tensor feedback = on_device(path().values(), Device::reference);
  const bool wide = forward.dtype() == DType::float64;
  return {.layer = {},
          .feedback = std::string(feedback_->name()),
          .separate_weights = feedback_->separate_weights(),
          .errors_sent = errors_sent_,
          .alignment = wide ? cosine<double>(forward, feedback) : cosine<float>(forward, feedback)};
}

}  // namespace biossl
