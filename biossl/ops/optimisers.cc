#include "biossl/backend/backend.h"
#include "biossl/ops/checks.h"
#include "biossl/ops/dispatch.h"
#include "biossl/ops/ops.h"

namespace biossl::ops {
namespace {

/// A step works element by element on tensors of one shape and type.
void check_like(const Checks& checks, const Argument& argument, const Tensor& update) {
  checks.shape(argument, update.shape());
  checks.type(argument, update.dtype());
}

}  // namespace

void adam_step(const Tensor& update, const Adam& adam, double learning_rate, std::int64_t step, Tensor& values,
               Tensor& m, Tensor& v) {
  constexpr std::string_view operation = "adam_step";
  const Checks checks(operation);
  checks.same_device({{"update", update}, {"values", values}, {"m", m}, {"v", v}});
  checks.real_type({"update", update});
  check_like(checks, {"values", values}, update);
  check_like(checks, {"m", m}, update);
  check_like(checks, {"v", v}, update);
  check(step >= 1, operation, "step {}; steps count from 1", step);
  if (update.size() == 0) return;
  const auto run = dispatch(update.device(), reference::adam_step, cpu::adam_step, cuda::adam_step);
  run(update, adam, learning_rate, step, values, m, v);
}

void sgd_step(const Tensor& update, double momentum, double learning_rate, Tensor& values, Tensor& velocity) {
  const Checks checks("sgd_step");
  checks.same_device({{"update", update}, {"values", values}, {"velocity", velocity}});
  checks.real_type({"update", update});
  check_like(checks, {"values", values}, update);
  check_like(checks, {"velocity", velocity}, update);
  if (update.size() == 0) return;
  const auto run = dispatch(update.device(), reference::sgd_step, cpu::sgd_step, cuda::sgd_step);
  run(update, momentum, learning_rate, values, velocity);
}

}  // namespace biossl::ops
