#include "biossl/network/synapses.h"

#include <cmath>
#include <cstring>
#include <utility>

#include "biossl/ops/elementwise.h"
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

bool have_same_bytes(const Tensor& one, const Tensor& other) {
  const Tensor a = on_device(one, Device::reference);
  const Tensor b = on_device(other, Device::reference);
  return std::memcmp(a.raw(), b.raw(), a.bytes()) == 0;
}

}  // namespace

Synapses::Synapses(const SynapsesSetup& setup, const Shape& shape, const Shape& channels_last, const Shape& file_shape,
                   bool bias, std::uint32_t index, std::int64_t units)
    : Parameters(setup, shape.size() + (bias ? (units > 0 ? units : shape[0]) : 0)),
      feedback_(setup.feedback.make()),
      channels_last_(channels_last),
      file_shape_(file_shape) {
  weights_ = Weights(step_.values.part(0, shape));
  weight_update_ = step_.update.part(0, shape);
  if (bias) {
    const Shape outputs{count() - shape.size()};
    bias_ = step_.values.part(shape.size(), outputs);
    bias_update_ = step_.update.part(shape.size(), outputs);
  }
  // Kaiming-uniform with a = sqrt(5), weights and bias alike.
  const float bound = 1.0F / std::sqrt(static_cast<float>(shape.row_size()));
  ops::draw_uniform(Random(setup.seed, Purpose::weights, 0, index), bound, step_.values);
  feedback_->attach(weights_, Random(setup.seed, Purpose::feedback, 0, index), bound);
  step_.decay = feedback_->decay();
  if (feedback_->uses_increments()) step_.increment = step_.update.clone();
}

void Synapses::send_back(const PooledError& error_post, Tensor& error_pre) {
  descend(error_post, path(), error_pre);
  ++errors_sent_;
  if (observer_ != nullptr) observer_->error_sent(name_, error_post, error_pre);
}

void Synapses::learn(const Tensor& pre, const PooledError& error_post, const UpdateOptions& options) {
  if (options.accumulate) {
    add_micro_batch(pre, error_post);
  } else {
    compute_update(pre, error_post, weight_update_, bias_update_);
  }
  if (!options.unit_decay.empty()) add_unit_decay(options.unit_decay);
  if (options.apply && options.plasticity != nullptr) {
    options.plasticity->transform(weights_.values(), weight_update_, bias_update_);
  }
  if (observer_ != nullptr) observer_->update_computed(name_, pre, error_post, weight_update_);
  apply(options);
}

void Synapses::end_update() {
  if (feedback_->uses_increments()) feedback_->after_update(step_.increment.part(0, weights_.values().shape()));
  weights_.changed();
}

void Synapses::add_micro_batch(const Tensor& pre, const PooledError& error_post) {
  Tensor& update = step_.update;
  Tensor& spare = spare_update();
  Tensor weight_update = spare.part(0, weight_update_.shape());
  Tensor bias_update;
  if (!bias_update_.empty()) bias_update = spare.part(weight_update.size(), bias_update_.shape());
  compute_update(pre, error_post, weight_update, bias_update);
  ops::add_scaled(update, 1.0, spare, update);
}

void Synapses::add_unit_decay(const Tensor& unit_decay) {
  const std::int64_t units = weights_.values().extent(0);
  const Shape rows{units, weights_.values().shape().row_size()};
  Tensor decayed = spare_update().part(0, rows);
  ops::combine(weights_.values().reshaped(rows), Combination::multiply, unit_decay.reshaped({units, 1}), decayed);
  Tensor update = weight_update_.reshaped(rows);
  ops::add_scaled(update, 1.0, decayed, update);
}

Tensor& Synapses::spare_update() {
  if (spare_update_.empty()) spare_update_ = step_.update.clone();
  return spare_update_;
}

void Synapses::set_observer(Observer* observer, std::string name) {
  observer_ = observer;
  name_ = std::move(name);
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
  const std::vector<std::string> names = optimizer().state_names();
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

void Synapses::set_weights(const Tensor& values) {
  path();
  Tensor weights = weights_.values();
  copy(values, weights);
  weights_written();
}

void Synapses::weights_written() {
  const Tensor feedback = path().values().clone();  // of W as it was: W's version is still the same
  restored();
  feedback_->assign(feedback, weights_);
}

bool Synapses::set_feedback(const Tensor& given) {
  const Tensor values = on_device(given, weights_.values().device());
  if (feedback_->assign(values, weights_)) return true;
  if (feedback_->state().empty()) return false;
  Tensor own = path().values();
  const Tensor before = own.clone();
  copy(values, own);
  feedback_->restored();
  if (have_same_bytes(path().values(), values)) return true;
  copy(before, own);
  feedback_->restored();
  return false;
}

PathRecord Synapses::path_record() {
  const Tensor forward = on_device(weights_.values(), Device::reference);
  const Tensor feedback = on_device(path().values(), Device::reference);
  const bool wide = forward.dtype() == DType::float64;
  return {.layer = {},
          .feedback = std::string(feedback_->name()),
          .separate_weights = feedback_->plausibility().separate_weights,
          .errors_sent = errors_sent_,
          .alignment = wide ? cosine<double>(forward, feedback) : cosine<float>(forward, feedback)};
}

}  // namespace biossl
