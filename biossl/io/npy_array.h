#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "biossl/io/byte_source.h"

namespace biossl {

/// An array in the .npy format, read in place: header first, elements on demand. Thread-safe.
class NpyArray {
 public:
  enum class Kind { unsigned_integer, signed_integer, real };

  /// Throws BadInput, naming the source and the place, for anything but a whole array in C order of integers or float32
  /// or float64 numbers, little-endian, of format 1, 2 or 3.
  explicit NpyArray(std::shared_ptr<const ByteSource> source);

  const std::string& name() const { return source_->name(); }
  const std::vector<std::int64_t>& extents() const { return extents_; }
  /// Product of the extents from `axis` on.
  std::int64_t elements(std::size_t axis = 0) const;
  Kind kind() const { return kind_; }
  /// Bytes of an element: 1, 2, 4 or 8.
  int width() const { return width_; }
  /// "(60000, 28, 28)"
  std::string shape_text() const;

  /// The bytes of elements from `first` on.
  void read(std::int64_t first, std::span<std::byte> to) const;
  /// All elements of an array of integers.
  std::vector<std::int64_t> integers() const;

 private:
  void parse(const std::string& header);

  std::shared_ptr<const ByteSource> source_;
  std::vector<std::int64_t> extents_;
  Kind kind_ = Kind::unsigned_integer;
  int width_ = 1;
  std::int64_t start_ = 0;  // of the elements
};

}  // namespace biossl
