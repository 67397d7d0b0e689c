#include "biossl/network/forward_pass.h"

#include <algorithm>
#include <utility>

namespace biossl {

ForwardPass::ForwardPass(const Network& network, int last, std::int64_t rows)
    : network_(network), last_(last), rows_(std::min(rows, group(network.setup().device))) {}

void ForwardPass::prepare(Workspace& workspace) {
  std::int64_t largest = 0;
  std::int64_t largest_pooled = 0;
  for (int index = 0; index <= last_; ++index) {
    const Block& block = network_.block(index);
    largest = std::max(largest, block.plan().unpooled.size());
    if (block.spec().pool > 1) largest_pooled = std::max(largest_pooled, block.plan().output.size());
  }
  for (Tensor& map : maps_) map = workspace.take({rows_ * largest}, network_.setup().dtype);
  argmax_ = workspace.take({rows_ * largest_pooled}, DType::uint8);
}

void ForwardPass::run(const Tensor& images, std::span<const Activity> kept) {
  const std::int64_t total = images.extent(0);
  for (std::int64_t first = 0; first < total; first += rows_) {
    run_group(images.rows(first, std::min(first + rows_, total)), kept, first);
  }
}

void ForwardPass::run_group(Tensor input, std::span<const Activity> kept, std::int64_t first) {
  const std::int64_t count = input.extent(0);
  Tensor* here = &maps_[0];  // where the input may lie
  Tensor* next = &maps_[1];
  for (int index = 0; index <= last_; ++index) {
    const Block& block = network_.block(index);
    const Activity& keep = kept[static_cast<std::size_t>(index)];
    const auto place = [&](const Tensor& wanted, const Tensor& otherwise) {
      return wanted.empty() ? otherwise.part(0, batch_of(count, block.plan().output))
                            : wanted.rows(first, first + count);
    };
    Activity activity;
    if (block.spec().pool > 1) {
      activity.unpooled = next->part(0, batch_of(count, block.plan().unpooled));
      activity.argmax = place(keep.argmax, argmax_);
    } else {
      std::swap(here, next);
    }
    // A pooled map may go where the input was, which the convolution has read.
    activity.output = place(keep.output, *here);
    block.forward(input, activity);
    input = activity.output;
  }
}

}  // namespace biossl
