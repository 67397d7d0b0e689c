#pragma once

#include <filesystem>
#include <functional>
#include <memory>

#include "biossl/core/tensor.h"
#include "biossl/io/scratch_file.h"

namespace biossl {

/// How features are kept.
struct FeatureStorage {
  DType dtype = DType::float32;
  std::filesystem::path folder = {};  ///< of the scratch file that takes them; "": memory does
};

/// Features (N, F), float32 or bfloat16, one row an image, in memory or in a scratch file. Copies share them.
class FeatureTable {
 public:
  FeatureTable() = default;
  /// These, in memory.
  FeatureTable(Tensor values);
  /// Room for features of this shape. Throws std::runtime_error where there is none.
  FeatureTable(const Shape& shape, const FeatureStorage& kept, Device device);

  const Shape& shape() const { return shape_; }
  std::int64_t extent(int axis) const { return shape_[axis]; }
  DType dtype() const { return dtype_; }
  Device device() const { return device_; }
  /// The table as a tensor; empty where it is in a file.
  const Tensor& in_memory() const { return values_; }

  /// Rows from `first` on become `rows` (n, ...), a map (H, W, C) flattened in that order, rounded to the table's type.
  void write(std::int64_t first, const Tensor& rows);

 private:
  friend class BatchReader;

  std::int64_t row_bytes() const { return extent(1) * static_cast<std::int64_t>(size_of(dtype_)); }

  Shape shape_;
  DType dtype_ = DType::float32;
  Device device_ = Device::cpu;
  Tensor values_;                      // empty where there is a file
  std::shared_ptr<ScratchFile> file_;  // null where there are values
  Tensor narrow_;                      // rows in the table's type, on their way to the file
};

/// Some rows of a table, as the gathered operations take them: row places[n] of `values` is row numbers[n] of the
/// table.
struct FeatureBatch {
  Tensor numbers, values, places;
};

/// Goes through a table's rows in any order, batch by batch: those in memory where they lie, those in a file by way of
/// a batch's worth of memory, while the disk fetches the next.
class BatchReader {
 public:
  BatchReader(FeatureTable table, std::int64_t batch);

  /// Calls take(batch) for the rows order[0], order[1], …, `batch` at a time.
  using Take = std::function<void(const FeatureBatch&)>;
  void read(const Tensor& order, const Take& take);

 private:
  void expect(const Tensor& numbers) const;
  void fetch(const Tensor& numbers);

  FeatureTable table_;
  std::int64_t batch_;
  Tensor fetched_, in_order_;  // of a table in a file
};

}  // namespace biossl
