#include "biossl/network/block.h"

#include "biossl/core/error.h"
#include "biossl/network/layers.h"

namespace biossl {
namespace {

Tensor rows_of(const Tensor& tensor, std::int64_t begin, std::int64_t end) {
  return tensor.empty() ? Tensor() : tensor.rows(begin, end);
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
  for (std::size_t i = 0; i < plan().kept.size(); ++i) {
    const BufferPlan& wanted = plan().kept[i];
    activity.kept[i] = Tensor(batch_of(rows, wanted.shape), wanted.type(dtype), device);
  }
  if (plan().forward_scratch > 0) activity.scratch = Tensor({rows * plan().forward_scratch}, dtype, device);
  return activity;
}

}  // namespace biossl
