#include "biossl/backend/backend.h"
#include "biossl/backend/cuda/kernels.cuh"
#include "biossl/backend/shared/adam.h"

namespace biossl::cuda {

void adam_step(const Tensor& update, const Adam& adam, double learning_rate, std::int64_t step, Tensor& values,
               Tensor& m, Tensor& v) {
  const auto coefficients = shared::adam_coefficients<float>(adam, learning_rate, step);
  const float* by = update.data<float>();
  float* value = values.data<float>();
  float* first = m.data<float>();
  float* second = v.data<float>();
  for_each(values.size(), [=] __device__(std::int64_t i) {
    shared::adam_element(coefficients, by[i], value[i], first[i], second[i]);
  });
}

void sgd_step(const Tensor& update, double momentum, double learning_rate, Tensor& values, Tensor& velocity) {
  const auto kept = static_cast<float>(momentum);
  const auto rate = static_cast<float>(learning_rate);
  const float* by = update.data<float>();
  float* value = values.data<float>();
  float* moved = velocity.data<float>();
  for_each(values.size(), [=] __device__(std::int64_t i) {
    moved[i] = kept * moved[i] + by[i];
    value[i] -= rate * moved[i];
  });
}

}  // namespace biossl::cuda
