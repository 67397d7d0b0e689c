#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <stdexcept>

#include "biossl/core/tensor.h"
#include "biossl/io/scratch_file.h"

namespace biossl {

/// The features contain NaN or infinite numbers: the encoder is at fault, not what reads them.
class FeaturesNotFinite : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// How features are stored.
struct FeatureStorage {
  DType dtype = DType::float32;
  std::filesystem::path folder = {};  ///< folder of the scratch file; "": in memory
};

/// Features (N, F), float32 or bfloat16, one row per image, in memory or in a scratch file. Copies share the storage.
class FeatureTable {
 public:
  FeatureTable() = default;
  /// A table of these values, in memory.
  FeatureTable(Tensor values);
  /// Storage for features of this shape. Throws std::runtime_error if there is no room.
  FeatureTable(const Shape& shape, const FeatureStorage& kept, Device device);

  const Shape& shape() const { return shape_; }
  std::int64_t extent(int axis) const { return shape_[axis]; }
  DType dtype() const { return dtype_; }
  Device device() const { return device_; }
  /// The table as a tensor; empty if it is in a file.
  const Tensor& in_memory() const { return values_; }

  /// Writes rows (n, ...) from row `first` on, rounded to the table's type. A map (H, W, C) is flattened in that order.
  void write(std::int64_t first, const Tensor& rows);

 private:
  friend class BatchReader;

  std::int64_t row_bytes() const { return extent(1) * static_cast<std::int64_t>(size_of(dtype_)); }

  Shape shape_;
  DType dtype_ = DType::float32;
  Device device_ = Device::cpu;
  Tensor values_;                      // empty if in a file
  std::shared_ptr<ScratchFile> file_;  // null if in memory
  Tensor narrow_;                      // buffer for the file: rows in the table's type
};

/// Some rows of a table for the gathered operations: row places[n] of `values` is row numbers[n] of the table.
struct FeatureBatch {
  Tensor numbers, values, places;
};

/// Reads a table's rows in any order, batch by batch: rows in memory are used in place; rows in a file are copied to a
/// buffer while the disk reads ahead.
class BatchReader {
 public:
  BatchReader(FeatureTable table, std::int64_t batch);

  /// Calls take(batch) for the rows order[0], order[1], …, at most `batch` at a time.
  using Take = std::function<void(const FeatureBatch&)>;
  void read(const Tensor& order, const Take& take);

 private:
  void expect(const Tensor& numbers) const;
  void fetch(const Tensor& numbers);

  FeatureTable table_;
  std::int64_t batch_;
  Tensor fetched_, in_order_;  // only for a table in a file
};

}  // namespace biossl
