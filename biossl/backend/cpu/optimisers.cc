#include "biossl/backend/backend.h"
#include "biossl/backend/cpu/elements.h"
#include "biossl/backend/shared/adam.h"
#include "biossl/core/parallel.h"

namespace biossl::cpu::BIOSSL_LEVEL {
namespace {

/// values[i] += increment(i) - lost * values[i], in parallel; the increments are written where they are asked for.
template <class Increment>
void move(ParameterStep& step, double weight_decay, const Increment& increment) {
  const auto lost = shared::lost_share<float>(step, weight_decay);
  float* __restrict value = step.values.data<float>();
  float* __restrict written = step.increment.data<float>();
  parallel_for(step.values.size(), element_grain, [&](std::int64_t begin, std::int64_t end) {
    if (written == nullptr) {
#pragma omp simd
      for (std::int64_t i = begin; i < end; ++i) value[i] += increment(i) - lost * value[i];
      return;
    }
#pragma omp simd
    for (std::int64_t i = begin; i < end; ++i) {
      const float change = increment(i);
      written[i] = change;
      value[i] += change - lost * value[i];
    }
  });
}

void adam_step_of(const Adam& adam, ParameterStep& step) {
  const auto coefficients = shared::adam_coefficients<float>(adam, step.learning_rate, step.number);
  const float* __restrict u = step.update.data<float>();
  float* __restrict mean = step.state[0].data<float>();
  float* __restrict square = step.state[1].data<float>();
  move(step, adam.weight_decay,
       [=](std::int64_t i) { return shared::adam_increment(coefficients, u[i], mean[i], square[i]); });
}

void sgd_step_of(const Sgd& sgd, ParameterStep& step) {
  const auto momentum = static_cast<float>(sgd.momentum);
  const auto rate = static_cast<float>(step.learning_rate);
  const float* __restrict u = step.update.data<float>();
  float* __restrict speed = step.state[0].data<float>();
  move(step, sgd.weight_decay, [=](std::int64_t i) {
    speed[i] = momentum * speed[i] + u[i];
    return -rate * speed[i];
  });
}

}  // namespace

void adam_step(const Adam& adam, std::span<ParameterStep* const> steps) {
  for (ParameterStep* step : steps) adam_step_of(adam, *step);
}

void sgd_step(const Sgd& sgd, std::span<ParameterStep* const> steps) {
  for (ParameterStep* step : steps) sgd_step_of(sgd, *step);
}

}  // namespace biossl::cpu::BIOSSL_LEVEL
