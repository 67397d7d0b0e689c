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

  /// For an array whose number of rows, its outermost extent, is known at `commit` only. row: the other extents. The
  /// file cannot be a pipe.
  static NpyWriter of_rows(const std::filesystem::path& path, DType dtype, const Shape& row);

  /// Writes the next elements, from host memory.
  void write(const Tensor& elements);
  /// Throws std::invalid_argument unless all elements of the shape have been written, or whole rows.
  void commit();

 private:
  NpyWriter(const std::filesystem::path& path, DType dtype, const Shape& row, bool counts_rows);

  AtomicFile file_;
  DType dtype_;
  std::int64_t missing_;  // elements
  Shape row_;             // of an array whose rows are counted
  bool counts_rows_ = false;
};

}  // namespace biossl
