#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "biossl/core/atomic_file.h"
#include "biossl/core/tensor.h"

namespace biossl {

/// Writes an array to a .npy file (format 1.0, C order, little-endian) piece by piece, so that it need not fit into
/// memory. The file appears whole, on `commit`, or not at all.
class NpyWriter {
 public:
  /// dtype: float32, float64, int32 or uint8. Throws std::runtime_error naming a file that cannot be written.
  NpyWriter(const std::filesystem::path& path, DType dtype, const Shape& shape);

  /// Writes the next elements, from host memory.
  void write(const Tensor& elements);
  /// Throws std::invalid_argument unless all elements of the shape have been written.
  void commit();

 private:
  AtomicFile file_;
  DType dtype_;
  std::int64_t missing_;  // elements
};

}  // namespace biossl
