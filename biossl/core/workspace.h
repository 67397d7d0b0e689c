#pragma once

#include <cstddef>

#include "biossl/core/tensor.h"

namespace biossl {

/// One piece of memory that tensors are laid out in. Layouts of which only one is in use at a time share it: each
/// starts over at its beginning.
class Workspace {
 public:
  /// Calls lay_out(Workspace&) twice: first to count what it takes, while every tensor it gets is empty; then, with
  /// memory for just that, to take it. The tensors keep the memory alive, not the workspace.
  template <class LayOut>
  static Workspace fit(Device device, const LayOut& lay_out) {
    Workspace counting;
    lay_out(counting);
    Workspace workspace(device, counting.bytes());
    lay_out(workspace);
    return workspace;
  }

  /// The next tensor of the layout, aligned to 64 bytes; it holds what others have left there. Throws
  /// std::invalid_argument where the layout takes more than was counted.
  Tensor take(const Shape& shape, DType dtype);
  /// Begins another layout, over the one before.
  void start_over() { used_ = 0; }
  /// What the largest layout so far has taken.
  std::size_t bytes() const { return most_; }

 private:
  Workspace() = default;
  Workspace(Device device, std::size_t bytes);

  Tensor memory_;  // empty while counting
  std::size_t used_ = 0;
  std::size_t most_ = 0;
};

}  // namespace biossl
