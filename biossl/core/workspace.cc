#include "biossl/core/workspace.h"

#include <algorithm>

namespace biossl {
namespace {

constexpr std::size_t alignment = 64;

}  // namespace

Workspace::Workspace(Device device, std::size_t bytes)
    : memory_({static_cast<std::int64_t>(bytes)}, DType::uint8, device) {}

Tensor Workspace::take(const Shape& shape, DType dtype) {
  const std::size_t first = used_;
  const std::size_t bytes = static_cast<std::size_t>(shape.size()) * size_of(dtype);
  used_ += (bytes + alignment - 1) / alignment * alignment;
  most_ = std::max(most_, used_);
  return memory_.empty() ? Tensor() : memory_.carve(first, shape, dtype);
}

}  // namespace biossl
