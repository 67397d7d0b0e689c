#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>

#include "biossl/core/tensor.h"
#include "biossl/ops/types.h"

// What the operations of ops.h ask of their arguments. All throw std::invalid_argument("[operation] …").
namespace biossl::ops {

/// An argument with the name that a message gives it.
struct Argument {
  std::string_view name;
  const Tensor& tensor;
};

/// The checks of one operation's call.
class Checks {
 public:
  explicit Checks(std::string_view operation) : operation_(operation) {}

  /// All arguments are there and on one device. Optional ones are named separately: an empty one is passed over.
  void same_device(std::initializer_list<Argument> required, std::initializer_list<Argument> optional = {}) const;
  /// All are on one device, of one shape and of one compute type: operands that are worked on element by element.
  void alike(std::initializer_list<Argument> arguments) const;
  void rank(const Argument& argument, int rank) const;
  void shape(const Argument& argument, const Shape& expected) const;
  /// As shape, for an argument that may be empty.
  void optional_shape(const Argument& argument, const Shape& expected) const;
  void type(const Argument& argument, DType expected) const;
  void optional_type(const Argument& argument, DType expected) const;
  /// Of this tensor's shape and type.
  void like(const Argument& argument, const Tensor& expected) const;
  /// float32 or bfloat16, or float64 on the reference device.
  void compute_type(const Argument& argument) const;
  /// float32, or float64 on the reference device.
  void real_type(const Argument& argument) const;
  /// Indices (int32, rank 1) that lie in [0, bound); their values are looked at on host devices only.
  void indices(const Argument& argument, std::int64_t bound) const;
  /// dst has one row of src for each index in rows.
  void gathered(const Argument& src, const Argument& rows, const Argument& dst) const;
  /// The loss accumulator: (2) float64.
  void totals(const Argument& argument) const;

 private:
  std::string_view operation_;
};

/// The type of weights, updates and biases beside activations of that type.
inline DType master_type(DType activations) { return activations == DType::float64 ? DType::float64 : DType::float32; }

}  // namespace biossl::ops
