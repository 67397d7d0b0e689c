#include "biossl/network/block.h"

#include "biossl/core/error.h"
#include "biossl/network/layers.h"

namespace biossl {
namespace {

Tensor rows_of(const Tensor& tensor, std::int64_t begin, std::int64_t end) {
  return tensor.empty() ? Tensor() : tensor.rows(begin, end);
}

/// Makes what a block keeps of `rows` images, with make(shape, type).
template <class Make>
void make_kept(const BlockPlan& plan, std::int64_t rows, DType dtype, Activity& activity, const Make& make) {
  for (std::size_t i = 0; i < plan.kept.size(); ++i) {
    activity.kept[i] = make(batch_of(rows, plan.kept[i].shape), plan.kept[i].type(dtype));
  }
}

}  // namespace

Activity Activity::rows(std::int64_t begin, std::int64_t end) const {
  Activity part;
  part.output = rows_of(output, begin, end);
  for (std::size_t i = 0; i < kept.size(); ++i) part.kept[i] = rows_of(kept[i], begin, end);
  return part;
}

State Block::state(const std::string& name, bool learning) {
  return state_of_layers(name, learning, [&](const auto&... arguments) { each_layer(arguments...); });
}

void Block::restored() {
  each_layer("", [](const std::string&, Synapses& synapses) { synapses.restored(); });
}

Synapses& Block::synapses() {
  return first_layer("the block \"" + description() + "\"",
                     [&](const auto&... arguments) { each_layer(arguments...); });
}

Activity Block::make_activity(std::int64_t rows, DType dtype, Device device) const {
  Activity activity;
  activity.output = Tensor(batch_of(rows, plan().output), dtype, device);
  make_kept(plan(), rows, dtype, activity, [&](const Shape& shape, DType type) { return Tensor(shape, type, device); });
  if (plan().forward_scratch > 0) activity.scratch = Tensor({rows * plan().forward_scratch}, dtype, device);
  return activity;
}

void Block::take_kept(std::int64_t rows, DType dtype, Workspace& workspace, Activity& activity) const {
  make_kept(plan(), rows, dtype, activity, [&](const Shape& shape, DType type) { return workspace.take(shape, type); });
}

}  // namespace biossl
