#include "biossl/core/tensor.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>

#include "biossl/core/memory.h"

namespace biossl {

namespace {

constexpr std::int64_t most_sums = 16;  // that a tensor of float64 holds outside the reference device

}  // namespace

Tensor::Tensor(const Shape& shape, DType dtype, Device device) : shape_(shape), dtype_(dtype), device_(device) {
  check(dtype != DType::float64 || device == Device::reference || shape.size() <= most_sums, "tensor",
        "float64 tensors of more than {} numbers exist on the reference device only, not on {}", most_sums,
        name_of(device));
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

Tensor iota(std::int64_t size, Device device) {
  Tensor numbers({size}, DType::int32, Device::reference);
  const auto span = numbers.span<std::int32_t>();
  std::iota(span.begin(), span.end(), 0);
  return on_device(numbers, device);
}

namespace {

/// The largest magnitude by the bits behind the sign, which are ordered as magnitudes are, NaN above infinity.
template <class Bits, class T>
T largest_of(std::span<const T> values) {
  constexpr Bits behind_sign = std::numeric_limits<Bits>::max() / 2;
  Bits most = 0;
  for (const T value : values) most = std::max(most, static_cast<Bits>(std::bit_cast<Bits>(value) & behind_sign));
  return std::bit_cast<T>(most);
}

}  // namespace

double largest_magnitude(const Tensor& tensor) {
  const Tensor host = tensor.device() == Device::cuda ? on_device(tensor, Device::reference) : tensor;
  switch (tensor.dtype()) {
    case DType::float32:
      return largest_of<std::uint32_t>(host.span<const float>());
    case DType::bfloat16:
      return static_cast<float>(largest_of<std::uint16_t>(host.span<const bfloat16>()));
    case DType::float64:
      return largest_of<std::uint64_t>(host.span<const double>());
    default:
      fail("largest_magnitude", "{} numbers are always finite", name_of(tensor.dtype()));
  }
}

bool is_finite(const Tensor& tensor) {
  if (tensor.dtype() == DType::int32 || tensor.dtype() == DType::uint8) return true;
  return std::isfinite(largest_magnitude(tensor));
}

}  // namespace biossl
