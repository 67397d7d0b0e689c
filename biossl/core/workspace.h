#pragma once

#include <cstddef>

#include "biossl/core/tensor.h"

namespace biossl {

/// One block of memory for tensors. Layouts of which only one is in use at a time share it: each starts at its
/// beginning.
class Workspace {
 public:
  /// Calls lay_out(Workspace&) twice: first with empty tensors, to count the bytes; then with memory of that size. The
  /// tensors keep the memory alive; the workspace does not.
  template <class LayOut>
  static Workspace fit(Device device, const LayOut& lay_out) {
    Workspace counting;
    lay_out(counting);
    Workspace workspace(device, counting.bytes());
    lay_out(workspace);
    return workspace;
  }

  /// The next tensor of the layout, aligned to 64 bytes and not cleared. Throws std::invalid_argument if the layout
  /// takes more than was counted.
  Tensor take(const Shape& shape, DType dtype);
  /// Begins another layout in the same memory.
  void start_over() { used_ = 0; }
  /// Bytes of the largest layout so far.
  std::size_t bytes() const { return most_; }

 private:
  Workspace() = default;
  Workspace(Device device, std::size_t bytes);

  Tensor memory_;  // empty while counting
  std::size_t used_ = 0;
  std::size_t most_ = 0;
};

}  // namespace biossl
