#include "biossl/network/block.h"

#include "biossl/ops/ops.h"

namespace biossl {
namespace {

Tensor rows_of(const Tensor& tensor, std::int64_t begin, std::int64_t end) {
  return tensor.empty() ? Tensor() : tensor.rows(begin, end);
}

}  // namespace

Activity Activity::rows(std::int64_t begin, std::int64_t end) const {
  return {rows_of(unpooled, begin, end), rows_of(argmax, begin, end), rows_of(output, begin, end)};
}

Block::Block(const BlockSpec& spec, const BlockPlan& plan, const SynapsesSetup& setup, std::uint32_t index)
    : spec_(spec),
      plan_(plan),
      dtype_(setup.dtype),
      device_(setup.device),
      synapses_(setup, plan.input[2], spec.channels, spec.conv, spec.bias, index) {}

Activity Block::make_activity(std::int64_t rows) const {
  Activity activity;
  activity.output = Tensor(batch_of(rows, plan_.output), dtype_, device_);
  if (spec_.pool > 1) {
    activity.unpooled = Tensor(batch_of(rows, plan_.unpooled), dtype_, device_);
    activity.argmax = Tensor(batch_of(rows, plan_.output), DType::uint8, device_);
  }
  return activity;
}

void Block::forward(const Tensor& input, Activity& activity) const {
  if (spec_.pool == 1) return synapses_.forward(input, spec_.activation, activity.output);
  // All nonlinearities are monotonic, so pooling first is the same and leaves them less to do.
  synapses_.forward(input, Activation::none, activity.unpooled);
  ops::max_pool_forward(activity.unpooled, spec_.pool, spec_.activation, activity.output, activity.argmax);
}

PooledError Block::error_of_synapses(const Activity& activity, Tensor& error, const Tensor& scratch) const {
  if (spec_.activation != Activation::none) ops::activation_backward(error, activity.output, spec_.activation, error);
  if (spec_.pool == 1) return error;
  return {error, activity.argmax, spec_.pool, scratch};
}

}  // namespace biossl
