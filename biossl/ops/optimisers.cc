#include "biossl/backend/backend.h"
#include "biossl/core/wording.h"
#include "biossl/ops/checks.h"
#include "biossl/ops/dispatch.h"
#include "biossl/ops/ops.h"

namespace biossl::ops {
namespace {

/// Checks that all tensors of a step have one shape and type.
void check_steps(std::string_view operation, std::span<ParameterStep* const> steps,
                 std::initializer_list<std::string_view> state) {
  const Checks checks(operation);
  for (const ParameterStep* step : steps) {
    check(step->state.size() == state.size(), operation, "{} tensors of state, expected {}", step->state.size(),
          state.size());
    check(step->number >= 1, operation, "step {}; steps count from 1", step->number);
    checks.real_type({"update", step->update});
    const auto check_like_update = [&](const Argument& argument) {
      checks.same_device({{"update", step->update}, argument});
      checks.shape(argument, step->update.shape());
      checks.type(argument, step->update.dtype());
    };
    check_like_update({"values", step->values});
    if (!step->increment.empty()) {
      check_like_update({"increment", step->increment});
      check(step->update.device() != Device::cuda, operation, "a GPU does not write the increment yet; use {}",
            wording::option("device", "cpu"));
    }
    for (std::size_t i = 0; i < state.size(); ++i) check_like_update({state.begin()[i], step->state[i]});
    checks.same_device({{"update", steps.front()->update}, {"update", step->update}});
  }
}

}  // namespace

void adam_step(const Adam& adam, std::span<ParameterStep* const> steps) {
  check_steps("adam_step", steps, {"m", "v"});
  if (steps.empty()) return;
  dispatch(steps.front()->update.device(), reference::adam_step, cpu::operations().adam_step, cuda::adam_step)(adam,
                                                                                                               steps);
}

void sgd_step(const Sgd& sgd, std::span<ParameterStep* const> steps) {
  check_steps("sgd_step", steps, {"velocity"});
  if (steps.empty()) return;
  dispatch(steps.front()->update.device(), reference::sgd_step, cpu::operations().sgd_step, cuda::sgd_step)(sgd, steps);
}

}  // namespace biossl::ops
