#include "biossl/backend/backend.h"
#include "biossl/backend/reference/elements.h"
#include "biossl/backend/shared/adam.h"

namespace biossl::reference {

void adam_step(const Adam& adam, std::span<ParameterStep* const> steps) {
  for (ParameterStep* step : steps) {
    const auto coefficients = shared::adam_coefficients<double>(adam, step->learning_rate, step->number);
    const std::vector<double> change = load(step->update);
    std::vector<double> value = load(step->values);
    std::vector<double> mean = load(step->state[0]);
    std::vector<double> square = load(step->state[1]);
    for (std::size_t i = 0; i < change.size(); ++i) {
      shared::adam_element(coefficients, change[i], value[i], mean[i], square[i]);
    }
    store(value, step->values);
    store(mean, step->state[0]);
    store(square, step->state[1]);
  }
}

void sgd_step(double momentum, std::span<ParameterStep* const> steps) {
  for (ParameterStep* step : steps) {
    const std::vector<double> change = load(step->update);
    std::vector<double> value = load(step->values);
    std::vector<double> speed = load(step->state[0]);
    for (std::size_t i = 0; i < change.size(); ++i) {
      speed[i] = momentum * speed[i] + change[i];
      value[i] -= step->learning_rate * speed[i];
    }
    store(value, step->values);
    store(speed, step->state[0]);
  }
}

}  // namespace biossl::reference
