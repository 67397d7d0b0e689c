#include "biossl/network/parameters.h"

namespace biossl {

Parameters::Parameters(const SynapsesSetup& setup, std::int64_t count)
    : steps_({1}, DType::int32, Device::cpu), optimizer_(setup.optimizer) {
  const auto zeros = [&] { return Tensor({count}, setup.master_dtype(), setup.device); };
  step_.values = zeros();
  step_.update = zeros();
  for (std::size_t i = 0; i < optimizer_->state_names().size(); ++i) step_.state.push_back(zeros());
}

void Parameters::apply(const UpdateOptions& options) {
  if (!options.apply) return;
  if (options.queue != nullptr) return options.queue->add(*this, options.learning_rate);
  ParameterStep* const alone[] = {&begin_update(options.learning_rate)};
  optimizer_->step(alone);
  end_update();
}

ParameterStep& Parameters::begin_update(double learning_rate) {
  step_.learning_rate = learning_rate;
  step_.number = ++*steps_.data<std::int32_t>();
  return step_;
}

State Parameters::state(const std::string& prefix, bool learning) {
  const Shape shape = step_.values.shape();
  State state{{prefix + "values", step_.values, {}, shape}};
  if (!learning) return state;
  const std::vector<std::string> names = optimizer_->state_names();
  for (std::size_t i = 0; i < names.size(); ++i) {
    state.push_back({prefix + "optimizer." + names[i] + ".values", step_.state[i], {}, shape});
  }
  state.push_back({prefix + "optimizer.steps", steps_, {}, {1}});
  return state;
}

}  // namespace biossl
