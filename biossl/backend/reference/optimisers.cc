#include "biossl/backend/backend.h"
#include "biossl/backend/reference/elements.h"
#include "biossl/backend/shared/adam.h"

namespace biossl::reference {

void adam_step(const Tensor& update, const Adam& adam, double learning_rate, std::int64_t step, Tensor& values,
               Tensor& m, Tensor& v) {
  const auto coefficients = shared::adam_coefficients<double>(adam, learning_rate, step);
  const std::vector<double> change = load(update);
  std::vector<double> value = load(values);
  std::vector<double> mean = load(m);
  std::vector<double> square = load(v);
  for (std::size_t i = 0; i < change.size(); ++i) {
    shared::adam_element(coefficients, change[i], value[i], mean[i], square[i]);
  }
  store(value, values);
  store(mean, m);
  store(square, v);
}

void sgd_step(const Tensor& update, double momentum, double learning_rate, Tensor& values, Tensor& velocity) {
  const std::vector<double> change = load(update);
  std::vector<double> value = load(values);
  std::vector<double> speed = load(velocity);
  for (std::size_t i = 0; i < change.size(); ++i) {
    speed[i] = momentum * speed[i] + change[i];
    value[i] -= learning_rate * speed[i];
  }
  store(value, values);
  store(speed, velocity);
}

}  // namespace biossl::reference
