#include "biossl/core/tensor.h"

#include <cmath>
#include <cstring>
#include <type_traits>

#include "biossl/core/memory.h"

namespace biossl {

Tensor::Tensor(const Shape& shape, DType dtype, Device device) : shape_(shape), dtype_(dtype), device_(device) {
  check(dtype != DType::float64 || device == Device::reference || shape.size() <= 16, "tensor",
        "float64 tensors exist on the reference device only, not on {}", name_of(device));
  storage_ = allocate_zeros(device, static_cast<std::size_t>(shape.size()) * size_of(dtype));
}

Tensor Tensor::rows(std::int64_t begin, std::int64_t end) const {
  check(!empty() && shape_.rank() > 0 && 0 <= begin && begin <= end && end <= shape_[0], "tensor.rows",
        "rows {} to {} of a tensor of shape {}", begin, end, to_string(shape_));
  return part(begin * shape_.row_size(), shape_.with_rows(end - begin));
}

Tensor Tensor::reshaped(const Shape& shape) const {
  check(shape.size() == size(), "tensor.reshaped", "{} elements cannot become {}", size(), to_string(shape));
  return part(0, shape);
}

Tensor Tensor::part(std::int64_t first, const Shape& shape) const {
  check(!empty() && first >= 0 && first + shape.size() <= size(), "tensor.part", "{} elements from {} on, of {}",
        shape.size(), first, size());
  Tensor view = *this;
  view.offset_ += static_cast<std::size_t>(first) * size_of(dtype_);
  view.shape_ = shape;
  return view;
}

Tensor Tensor::carve(std::size_t first, const Shape& shape, DType dtype) const {
  check(dtype_ == DType::uint8, "tensor.carve", "the elements are {}, not bytes", name_of(dtype_));
  const std::size_t wanted = static_cast<std::size_t>(shape.size()) * size_of(dtype);
  check(!empty() && first + wanted <= bytes(), "tensor.carve", "{} bytes from {} on, of {}", wanted, first, bytes());
  Tensor view = *this;
  view.offset_ += first;
  view.shape_ = shape;
  view.dtype_ = dtype;
  return view;
}

Tensor Tensor::clone() const {
  Tensor result(shape_, dtype_, device_);
  copy(*this, result);
  return result;
}

void Tensor::fill_zero() {
  if (!empty()) zero_bytes(device_, raw(), bytes());
}

void Tensor::refuse(DType wanted) const {
  fail("tensor.data", "the elements are {}, not {}", name_of(dtype_), name_of(wanted));
}

void copy(const Tensor& from, Tensor& to) {
  check(from.shape() == to.shape() && from.dtype() == to.dtype(), "copy", "from {} {} to {} {}", name_of(from.dtype()),
        to_string(from.shape()), name_of(to.dtype()), to_string(to.shape()));
  copy_bytes(from.device(), from.raw(), to.device(), to.raw(), from.bytes());
}

Tensor on_device(const Tensor& tensor, Device device) {
  if (tensor.empty() || tensor.device() == device) return tensor;
  Tensor there(tensor.shape(), tensor.dtype(), device);
  copy(tensor, there);
  return there;
}

double largest_magnitude(const Tensor& tensor) {
  const Tensor host = on_device(tensor, Device::reference);
  const auto largest = [&]<class T>(T /*type*/) {
    double most = 0;
    for (const T value : host.span<const T>()) {
      const double size = std::fabs(
          static_cast<double>(static_cast<std::conditional_t<std::is_same_v<T, double>, double, float>>(value)));
      if (!(size <= most)) most = size;  // true for NaN too
      if (!std::isfinite(most)) return most;
    }
    return most;
  };
  switch (tensor.dtype()) {
    case DType::float32:
      return largest(0.0F);
    case DType::bfloat16:
      return largest(bfloat16());
    case DType::float64:
      return largest(0.0);
    default:
      fail("largest_magnitude", "{} numbers are always finite", name_of(tensor.dtype()));
  }
}

}  // namespace biossl
