#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>

#include "biossl/core/tensor.h"
#include "biossl/ops/types.h"

// Checks of the arguments of ops.h. All throw std::invalid_argument("[operation] …").
namespace biossl::ops {

/// An argument with its name for messages.
struct Argument {
  std::string_view name;
  const Tensor& tensor;
};

class Checks {
 public:
  explicit Checks(std::string_view operation) : operation_(operation) {}

  /// All are present and on one device; an empty `optional` one is skipped.
  void same_device(std::initializer_list<Argument> required, std::initializer_list<Argument> optional = {}) const;
  /// All are on one device, of one shape and of one compute type: for elementwise operations.
  void alike(std::initializer_list<Argument> arguments) const;
  void rank(const Argument& argument, int rank) const;
  void shape(const Argument& argument, const Shape& expected) const;
  /// As shape, for an argument that may be empty.
  void optional_shape(const Argument& argument, const Shape& expected) const;
  void type(const Argument& argument, DType expected) const;
  void optional_type(const Argument& argument, DType expected) const;
  /// Has this tensor's shape and type.
  void like(const Argument& argument, const Tensor& expected) const;
  /// float32 or bfloat16, or float64 on the reference device.
  void compute_type(const Argument& argument) const;
  /// float32, or float64 on the reference device.
  void real_type(const Argument& argument) const;
  /// Indices (int32, rank 1) in [0, bound). The values are checked on host devices only.
  void indices(const Argument& argument, std::int64_t bound) const;
  /// dst has one row of src for each index in rows.
  void gathered(const Argument& src, const Argument& rows, const Argument& dst) const;
  /// The two lie nowhere in the same memory.
  void apart(const Argument& a, const Argument& b) const;
  /// The loss accumulator: (2) float64.
  void totals(const Argument& argument) const;
  /// Kernel, stride and padding are possible, and this device convolves so.
  void convolution(const Conv2d& conv, Device device) const;
  /// A map (N, H, W, C) with its padding is as large as the kernel.
  void holds_kernel(const Argument& map, const Conv2d& conv) const;

 private:
  std::string_view operation_;
};

/// Throws std::invalid_argument, naming `who`, for a convolution that is not square on a GPU, which has none.
void require_square(Device device, const Conv2d& conv, std::string_view who);

}  // namespace biossl::ops
