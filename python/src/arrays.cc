#include "src/arrays.h"

#include <array>
#include <cstring>
#include <functional>
#include <memory>
#include <vector>

#include "biossl/ops/ops.h"

namespace biossl::python {
namespace {

nb::dlpack::dtype dlpack_type(DType dtype) {
  switch (dtype) {
    case DType::float32:
      return nb::dtype<float>();
    case DType::float64:
      return nb::dtype<double>();
    case DType::uint8:
      return nb::dtype<std::uint8_t>();
    case DType::int32:
      return nb::dtype<std::int32_t>();
    case DType::bfloat16:
      break;
  }
  fail("array", "NumPy has no {}", name_of(dtype));
}

/// The tensor in host memory and of a type that NumPy has.
Tensor shareable(const Tensor& tensor) {
  if (tensor.dtype() != DType::bfloat16)
    return tensor.device() == Device::cuda ? on_device(tensor, Device::cpu) : tensor;
  Tensor wide(tensor.shape(), DType::float32, tensor.device());
  ops::convert(tensor, wide);
  return on_device(wide, Device::cpu);
}

/// Axes of an array: extents, and distances in elements.
struct Axes {
  std::vector<std::size_t> extents;
  std::vector<std::int64_t> strides;
};

Axes axes_of(const Shape& shape) {
  Axes axes{.extents = std::vector<std::size_t>(static_cast<std::size_t>(shape.rank())),
            .strides = std::vector<std::int64_t>(static_cast<std::size_t>(shape.rank()))};
  std::int64_t stride = 1;
  for (int axis = shape.rank() - 1; axis >= 0; --axis) {
    axes.extents[static_cast<std::size_t>(axis)] = static_cast<std::size_t>(shape[axis]);
    axes.strides[static_cast<std::size_t>(axis)] = stride;
    stride *= shape[axis];
  }
  return axes;
}

/// (N, H, W, C) shown as (N, C, H, W).
Axes channels_second(const Axes& axes) {
  if (axes.extents.size() != 4) return axes;
  const auto& [extents, strides] = axes;
  return {.extents = {extents[0], extents[3], extents[1], extents[2]},
          .strides = {strides[0], strides[3], strides[1], strides[2]}};
}

nb::object share(const Tensor& tensor, const Axes& axes, Access access) {
  auto* kept = new Tensor(tensor);
  const nb::capsule owner(kept, [](void* it) noexcept { delete static_cast<Tensor*>(it); });
  void* const data = tensor.raw();
  const auto type = dlpack_type(tensor.dtype());
  if (access == Access::write) {
    return nb::cast(
        nb::ndarray<nb::numpy>(data, axes.extents.size(), axes.extents.data(), owner, axes.strides.data(), type));
  }
  return nb::cast(
      nb::ndarray<nb::numpy, nb::ro>(data, axes.extents.size(), axes.extents.data(), owner, axes.strides.data(), type));
}

std::string shape_of(const Array& array) {
  std::string text;
  for (std::size_t axis = 0; axis < array.ndim(); ++axis)
    text += fmt::format("{}{}", axis > 0 ? ", " : "", array.shape(axis));
  return fmt::format("({})", text);
}

bool is_contiguous(const Array& array) {
  if (array.size() == 0) return true;
  std::int64_t stride = 1;
  for (std::size_t axis = array.ndim(); axis-- > 0;) {
    if (array.shape(axis) != 1 && array.stride(axis) != stride) return false;
    stride *= static_cast<std::int64_t>(array.shape(axis));
  }
  return true;
}

/// Calls body(place in the array, place in the tensor) for every element, in the order of the tensor's memory.
template <class Body>
void for_each_place(const Array& array, const Axes& axes, const Body& body) {
  std::array<std::size_t, Shape::max_rank> at{};
  const std::size_t rank = axes.extents.size();
  for (std::size_t left = array.size(); left > 0; --left) {
    std::int64_t from = 0;
    std::int64_t to = 0;
    for (std::size_t axis = 0; axis < rank; ++axis) {
      from += static_cast<std::int64_t>(at[axis]) * array.stride(axis);
      to += static_cast<std::int64_t>(at[axis]) * axes.strides[axis];
    }
    body(from, to);
    for (std::size_t axis = rank; axis-- > 0;) {
      if (++at[axis] < axes.extents[axis]) break;
      at[axis] = 0;
    }
  }
}

/// Whether an array may be a view of the tensor's memory.
bool may_share(const Array& array, const Tensor& tensor) {
  if (array.size() == 0) return false;
  const auto item = static_cast<std::int64_t>(array.itemsize());
  const auto* const data = static_cast<const std::byte*>(array.data());
  std::int64_t first = 0;
  std::int64_t last = 0;
  for (std::size_t axis = 0; axis < array.ndim(); ++axis) {
    const std::int64_t span = (static_cast<std::int64_t>(array.shape(axis)) - 1) * array.stride(axis) * item;
    (span < 0 ? first : last) += span;
  }
  const auto* const begin = static_cast<const std::byte*>(tensor.raw());
  const std::less<> before;
  return before(data + first, begin + tensor.bytes()) && before(begin, data + last + item);
}

template <class From, class To>
void copy_elements(const Array& array, const Axes& axes, Tensor& tensor) {
  const auto* from = static_cast<const From*>(array.data());
  To* to = tensor.data<To>();
  for_each_place(array, axes, [&](std::int64_t in, std::int64_t out) { to[out] = static_cast<To>(from[in]); });
}

}  // namespace

nb::object array_of(const Tensor& tensor, Access access) {
  const Tensor shared = shareable(tensor);
  return share(shared, channels_second(axes_of(shared.shape())), access);
}

nb::object plain_array_of(const Tensor& tensor, Access access) {
  const Tensor shared = shareable(tensor);
  return share(shared, axes_of(shared.shape()), access);
}

Tensor tensor_over(const Array& array, DType dtype, std::string_view what) {
  check(array.ndim() >= 1 && array.ndim() <= Shape::max_rank, what, "an array of shape {}", shape_of(array));
  check(array.dtype() == dlpack_type(dtype), what, "the numbers must be {}", name_of(dtype));
  check(is_contiguous(array), what, "the array must be contiguous; use numpy.ascontiguousarray");
  Shape shape{0, 0, 0, 0};
  const auto extent = [&](std::size_t axis) { return static_cast<std::int64_t>(array.shape(axis)); };
  if (array.ndim() == 1) shape = {extent(0)};
  if (array.ndim() == 2) shape = {extent(0), extent(1)};
  if (array.ndim() == 3) shape = {extent(0), extent(1), extent(2)};
  if (array.ndim() == 4) shape = {extent(0), extent(1), extent(2), extent(3)};
  // The last reference may go on a thread without the lock of the interpreter, which ndarray takes itself.
  auto* bytes = static_cast<std::byte*>(const_cast<void*>(static_cast<const void*>(array.data())));
  return {std::shared_ptr<std::byte[]>(bytes, [array](std::byte*) {}), shape, dtype, Device::cpu};
}

void copy_into(const Array& array, Tensor& tensor, std::string_view what) {
  const Axes axes = channels_second(axes_of(tensor.shape()));
  bool agrees = array.ndim() == axes.extents.size();
  for (std::size_t axis = 0; agrees && axis < array.ndim(); ++axis) agrees = array.shape(axis) == axes.extents[axis];
  check(agrees, what, "an array of shape {} where one of {} belongs", shape_of(array),
        fmt::format("({})", fmt::join(axes.extents, ", ")));
  const bool from_float = array.dtype() == nb::dtype<float>();
  check(from_float || array.dtype() == nb::dtype<double>(), what, "the numbers must be float32 or float64");
  check(tensor.dtype() == DType::float32 || tensor.dtype() == DType::float64, what, "is {}", name_of(tensor.dtype()));
  if (may_share(array, tensor)) {  // and then elements would be read that are written already
    Tensor apart(tensor.shape(), tensor.dtype(), tensor.device());
    copy_into(array, apart, what);
    return copy(apart, tensor);
  }
  const bool to_float = tensor.dtype() == DType::float32;
  if (from_float && to_float) return copy_elements<float, float>(array, axes, tensor);
  if (from_float) return copy_elements<float, double>(array, axes, tensor);
  if (to_float) return copy_elements<double, float>(array, axes, tensor);
  copy_elements<double, double>(array, axes, tensor);
}

Tensor finite_tensor(const Array& array, const Tensor& like, std::string_view what) {
  Tensor tensor(like.shape(), like.dtype(), like.device() == Device::cuda ? Device::cpu : like.device());
  copy_into(array, tensor, what);
  check(is_finite(tensor), what, "holds NaN or infinite numbers");
  return tensor;
}

}  // namespace biossl::python
