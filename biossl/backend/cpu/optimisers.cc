#include "biossl/backend/backend.h"
#include "biossl/backend/cpu/elements.h"
#include "biossl/backend/shared/adam.h"
#include "biossl/core/parallel.h"

namespace biossl::cpu {

void adam_step(const Tensor& update, const Adam& adam, double learning_rate, std::int64_t step, Tensor& values,
               Tensor& m, Tensor& v) {
  const auto coefficients = shared::adam_coefficients<float>(adam, learning_rate, step);
  const float* __restrict u = update.data<float>();
  float* __restrict value = values.data<float>();
  float* __restrict mean = m.data<float>();
  float* __restrict square = v.data<float>();
  parallel_for(values.size(), element_grain, [&](std::int64_t begin, std::int64_t end) {
#pragma omp simd
    for (std::int64_t i = begin; i < end; ++i) shared::adam_element(coefficients, u[i], value[i], mean[i], square[i]);
  });
}

void sgd_step(const Tensor& update, double momentum, double learning_rate, Tensor& values, Tensor& velocity) {
  const auto decay = static_cast<float>(momentum);
  const auto rate = static_cast<float>(learning_rate);
  const float* __restrict u = update.data<float>();
  float* __restrict value = values.data<float>();
  float* __restrict speed = velocity.data<float>();
  parallel_for(values.size(), element_grain, [&](std::int64_t begin, std::int64_t end) {
#pragma omp simd
    for (std::int64_t i = begin; i < end; ++i) {
      speed[i] = decay * speed[i] + u[i];
      value[i] -= rate * speed[i];
    }
  });
}

}  // namespace biossl::cpu
