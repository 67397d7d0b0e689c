#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

#include "biossl/core/device.h"
#include "biossl/core/dtype.h"
#include "biossl/core/error.h"
#include "biossl/core/shape.h"

namespace biossl {

/// A dense array without strides, outermost axis first: a shape and an element type over shared storage. Copying a
/// Tensor shares the storage; `rows` and `reshaped` are views of it. Activations are (N, H, W, C).
class Tensor {
 public:
  /// Empty: an absent tensor, for optional arguments of operations.
  Tensor() = default;
  /// Zeros. Storage is aligned to 64 bytes; large storage uses huge pages.
  Tensor(const Shape& shape, DType dtype, Device device);
  /// Memory of somebody else's, which `storage` keeps alive. It need not be aligned; it must hold the whole tensor.
  Tensor(std::shared_ptr<std::byte[]> storage, const Shape& shape, DType dtype, Device device)
      : storage_(std::move(storage)), shape_(shape), dtype_(dtype), device_(device) {}

  bool empty() const { return storage_ == nullptr; }
  const Shape& shape() const { return shape_; }
  std::int64_t extent(int axis) const { return shape_[axis]; }
  std::int64_t size() const { return empty() ? 0 : shape_.size(); }
  std::size_t bytes() const { return static_cast<std::size_t>(size()) * size_of(dtype_); }
  DType dtype() const { return dtype_; }
  Device device() const { return device_; }

  /// The elements. Throws std::invalid_argument if they are not of type T.
  template <class T>
  T* data() const {
    if (!empty() && dtype_ != dtype_of<std::remove_const_t<T>>::value) refuse(dtype_of<std::remove_const_t<T>>::value);
    return reinterpret_cast<T*>(raw());
  }
  template <class T>
  std::span<T> span() const {
    return {data<T>(), static_cast<std::size_t>(size())};
  }
  std::byte* raw() const { return storage_ == nullptr ? nullptr : storage_.get() + offset_; }

  /// A view of rows [begin, end) of the outermost axis.
  Tensor rows(std::int64_t begin, std::int64_t end) const;
  /// A view with another shape of the same size.
  Tensor reshaped(const Shape& shape) const;
  /// A view of `shape`, starting `first` elements into this tensor's storage.
  Tensor part(std::int64_t first, const Shape& shape) const;
  /// A view of `shape` and another type, starting at byte `first` of this tensor, which must be uint8.
  Tensor carve(std::size_t first, const Shape& shape, DType dtype) const;
  /// A copy with storage of its own.
  Tensor clone() const;
  void fill_zero();

 private:
  [[noreturn]] void refuse(DType wanted) const;

  std::shared_ptr<std::byte[]> storage_;
  std::size_t offset_ = 0;  // bytes
  Shape shape_;
  DType dtype_ = DType::float32;
  Device device_ = Device::cpu;
};

/// Copies bytes between tensors of one shape and type, across devices.
void copy(const Tensor& from, Tensor& to);
/// The tensor on a device: itself if it is there already, otherwise a copy. Device::reference is host memory that can
/// hold every type.
Tensor on_device(const Tensor& tensor, Device device);
/// 0, 1, … size-1, int32.
Tensor iota(std::int64_t size, Device device);
/// The largest absolute value of a float tensor on any device; infinite or NaN if an element is; 0 without elements.
double largest_magnitude(const Tensor& tensor);
/// Whether no element is infinite or NaN; whole numbers never are.
bool is_finite(const Tensor& tensor);

}  // namespace biossl
