#include "biossl/network/forward_pass.h"

#include <algorithm>
#include <utility>

namespace biossl {
namespace {

constexpr std::int64_t alignment = 64;

/// Bytes that a block's kept tensors of one group take, one behind the other.
std::int64_t spare_bytes(const Block& block, std::int64_t rows, DType dtype) {
  std::int64_t bytes = 0;
  for (const BufferPlan& buffer : block.plan().kept) {
    const std::int64_t size = rows * buffer.shape.size() * static_cast<std::int64_t>(size_of(buffer.type(dtype)));
    bytes += (size + alignment - 1) / alignment * alignment;
  }
  return bytes;
}

std::int64_t group_of(const Network& network, int last, std::int64_t rows) {
  for (int index = 0; index <= last; ++index) {
    if (network.block(index).plan().needs_whole_batch) return rows;
  }
  return std::min(rows, ForwardPass::group(network.setup().device));
}

}  // namespace

ForwardPass::ForwardPass(const Network& network, int last, std::int64_t rows, int first_training)
    : network_(network), last_(last), rows_(group_of(network, last, rows)), first_training_(first_training) {}

void ForwardPass::prepare(Workspace& workspace) {
  const DType dtype = network_.setup().dtype;
  std::int64_t largest = 0;
  std::int64_t scratch = 0;
  std::int64_t spare = 0;
  for (int index = 0; index <= last_; ++index) {
    const Block& block = network_.block(index);
    const BlockPlan& plan = block.plan();
    largest = std::max(largest, plan.output.size());
    scratch = std::max(scratch, plan.forward_scratch);
    spare = std::max(spare, spare_bytes(block, rows_, dtype));
  }
  for (Tensor& map : maps_) map = workspace.take({rows_ * largest}, dtype);
  scratch_ = workspace.take({rows_ * scratch}, dtype);
  spare_ = workspace.take({spare}, DType::uint8);
}

void ForwardPass::run(const Tensor& images, std::span<const Activity> kept) {
  const std::int64_t total = images.extent(0);
  for (std::int64_t first = 0; first < total; first += rows_) {
    run_group(images.rows(first, std::min(first + rows_, total)), kept, first);
  }
}

Activity ForwardPass::place(int index, const Activity& keep, std::int64_t first, std::int64_t count) const {
  const DType dtype = network_.setup().dtype;
  const BlockPlan& plan = network_.block(index).plan();
  const std::vector<BufferPlan>& wanted = plan.kept;
  Activity activity;
  std::int64_t used = 0;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (!keep.kept[i].empty()) {
      activity.kept[i] = keep.kept[i].rows(first, first + count);
      continue;
    }
    const DType type = wanted[i].type(dtype);
    const Shape shape = batch_of(count, wanted[i].shape);
    activity.kept[i] = spare_.carve(static_cast<std::size_t>(used), shape, type);
    const std::int64_t bytes = shape.size() * static_cast<std::int64_t>(size_of(type));
    used += (bytes + alignment - 1) / alignment * alignment;
  }
  const Tensor& map = maps_[static_cast<std::size_t>(index) % 2];
  activity.output =
      keep.output.empty() ? map.part(0, batch_of(count, plan.output)) : keep.output.rows(first, first + count);
  activity.scratch = scratch_;
  return activity;
}

void ForwardPass::run_group(Tensor input, std::span<const Activity> kept, std::int64_t first) {
  const std::int64_t count = input.extent(0);
  for (int index = 0; index <= last_; ++index) {
    Activity activity = place(index, kept[static_cast<std::size_t>(index)], first, count);
    network_.block(index).forward(input, activity, index >= first_training_ ? Mode::training : Mode::evaluation);
    input = activity.output;
  }
}

}  // namespace biossl
