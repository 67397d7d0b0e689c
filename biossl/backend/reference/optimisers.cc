#include "biossl/backend/backend.h"
#include "biossl/backend/reference/elements.h"
#include "biossl/backend/shared/adam.h"

namespace biossl::reference {
namespace {

void move(ParameterStep& step, double weight_decay, const std::vector<double>& increment) {
  const auto lost = shared::lost_share<double>(step, weight_decay);
  std::vector<double> value = load(step.values);
  for (std::size_t i = 0; i < value.size(); ++i) value[i] += increment[i] - lost * value[i];
  store(value, step.values);
  store(increment, step.increment);
}

}  // namespace

void adam_step(const Adam& adam, std::span<ParameterStep* const> steps) {
  for (ParameterStep* step : steps) {
    const auto coefficients = shared::adam_coefficients<double>(adam, step->learning_rate, step->number);
    std::vector<double> change = load(step->update);
    std::vector<double> mean = load(step->state[0]);
    std::vector<double> square = load(step->state[1]);
    for (std::size_t i = 0; i < change.size(); ++i) {
      change[i] = shared::adam_increment(coefficients, change[i], mean[i], square[i]);
    }
    move(*step, adam.weight_decay, change);
    store(mean, step->state[0]);
    store(square, step->state[1]);
  }
}

void sgd_step(const Sgd& sgd, std::span<ParameterStep* const> steps) {
  for (ParameterStep* step : steps) {
    std::vector<double> change = load(step->update);
    std::vector<double> speed = load(step->state[0]);
    for (std::size_t i = 0; i < change.size(); ++i) {
      speed[i] = sgd.momentum * speed[i] + change[i];
      change[i] = -step->learning_rate * speed[i];
    }
    move(*step, sgd.weight_decay, change);
    store(speed, step->state[0]);
  }
}

}  // namespace biossl::reference
