#include "biossl/backend/backend.h"
#include "biossl/backend/cpu/elements.h"
#include "biossl/backend/shared/adam.h"
#include "biossl/core/parallel.h"

namespace biossl::cpu {
namespace {

void adam_step_of(const Adam& adam, ParameterStep& step) {
  const auto coefficients = shared::adam_coefficients<float>(adam, step.learning_rate, step.number);
  const float* __restrict u = step.update.data<float>();
  float* __restrict value = step.values.data<float>();
  float* __restrict mean = step.state[0].data<float>();
  float* __restrict square = step.state[1].data<float>();
  parallel_for(step.values.size(), element_grain, [&](std::int64_t begin, std::int64_t end) {
#pragma omp simd
    for (std::int64_t i = begin; i < end; ++i) shared::adam_element(coefficients, u[i], value[i], mean[i], square[i]);
  });
}

void sgd_step_of(float decay, ParameterStep& step) {
  const auto rate = static_cast<float>(step.learning_rate);
  const float* __restrict u = step.update.data<float>();
  float* __restrict value = step.values.data<float>();
  float* __restrict speed = step.state[0].data<float>();
  parallel_for(step.values.size(), element_grain, [&](std::int64_t begin, std::int64_t end) {
#pragma omp simd
    for (std::int64_t i = begin; i < end; ++i) {
      speed[i] = decay * speed[i] + u[i];
      value[i] -= rate * speed[i];
    }
  });
}

}  // namespace

void adam_step(const Adam& adam, std::span<ParameterStep* const> steps) {
  for (ParameterStep* step : steps) adam_step_of(adam, *step);
}

void sgd_step(double momentum, std::span<ParameterStep* const> steps) {
  for (ParameterStep* step : steps) sgd_step_of(static_cast<float>(momentum), *step);
}

}  // namespace biossl::cpu
