#include "biossl/ops/checks.h"

#include <fmt/format.h>

#include <functional>
#include <string>

#include "biossl/core/wording.h"

namespace biossl::ops {

void Checks::same_device(std::initializer_list<Argument> required, std::initializer_list<Argument> optional) const {
  const Argument& first = *required.begin();
  const auto compare = [&](const Argument& argument) {
    check(argument.tensor.device() == first.tensor.device(), operation_, "{} is on {}, {} on {}", argument.name,
          name_of(argument.tensor.device()), first.name, name_of(first.tensor.device()));
  };
  for (const Argument& argument : required) {
    check(!argument.tensor.empty(), operation_, "{} is empty", argument.name);
    compare(argument);
  }
  for (const Argument& argument : optional) {
    if (!argument.tensor.empty()) compare(argument);
  }
}

void Checks::alike(std::initializer_list<Argument> arguments) const {
  same_device(arguments);
  const Argument& first = *arguments.begin();
  compute_type(first);
  for (const Argument& argument : arguments) like(argument, first.tensor);
}

void Checks::rank(const Argument& argument, int rank) const {
  check(argument.tensor.shape().rank() == rank, operation_, "{} is {}; {} extents are needed", argument.name,
        to_string(argument.tensor.shape()), rank);
}

void Checks::shape(const Argument& argument, const Shape& expected) const {
  check(argument.tensor.shape() == expected, operation_, "{} is {}, expected {}", argument.name,
        to_string(argument.tensor.shape()), to_string(expected));
}

void Checks::optional_shape(const Argument& argument, const Shape& expected) const {
  if (!argument.tensor.empty()) shape(argument, expected);
}

void Checks::type(const Argument& argument, DType expected) const {
  check(argument.tensor.dtype() == expected, operation_, "{} is {}, expected {}", argument.name,
        name_of(argument.tensor.dtype()), name_of(expected));
}

void Checks::optional_type(const Argument& argument, DType expected) const {
  if (!argument.tensor.empty()) type(argument, expected);
}

void Checks::like(const Argument& argument, const Tensor& expected) const {
  shape(argument, expected.shape());
  type(argument, expected.dtype());
}

void Checks::compute_type(const Argument& argument) const {
  if (argument.tensor.dtype() != DType::bfloat16) real_type(argument);
}

void Checks::real_type(const Argument& argument) const {
  const DType dtype = argument.tensor.dtype();
  const bool on_reference = argument.tensor.device() == Device::reference;
  check(dtype == DType::float32 || (dtype == DType::float64 && on_reference), operation_,
        "{} is {}; on device {} it must be float32{}", argument.name, name_of(dtype), name_of(argument.tensor.device()),
        on_reference ? " or float64" : "");
}

void Checks::indices(const Argument& argument, std::int64_t bound) const {
  rank(argument, 1);
  type(argument, DType::int32);
  if (argument.tensor.device() == Device::cuda) return;
  for (const std::int32_t index : argument.tensor.span<std::int32_t>()) {
    check(index >= 0 && index < bound, operation_, "{} holds {}, outside 0 to {}", argument.name, index, bound - 1);
  }
}

void Checks::gathered(const Argument& src, const Argument& rows, const Argument& dst) const {
  check(src.tensor.shape().rank() >= 1, operation_, "{} has no rows", src.name);
  indices(rows, src.tensor.extent(0));
  shape(dst, src.tensor.shape().with_rows(rows.tensor.extent(0)));
}

void Checks::apart(const Argument& a, const Argument& b) const {
  const std::less<const std::byte*> lies_before;
  const bool meet = lies_before(a.tensor.raw(), b.tensor.raw() + b.tensor.bytes()) &&
                    lies_before(b.tensor.raw(), a.tensor.raw() + a.tensor.bytes());
  check(!meet, operation_, "{} and {} lie in the same memory", a.name, b.name);
}

void Checks::totals(const Argument& argument) const {
  shape(argument, {2});
  type(argument, DType::float64);
}

namespace {

/// "3", or "1x2" of another height.
std::string both(std::int64_t height, std::int64_t width) {
  return height == width ? std::to_string(width) : fmt::format("{}x{}", height, width);
}

}  // namespace

void Checks::convolution(const Conv2d& conv, Device device) const {
  const ConvAxis rows = conv.vertical();
  const ConvAxis columns = conv.horizontal();
  const auto possible = [](const ConvAxis& axis) { return axis.kernel >= 1 && axis.stride >= 1 && axis.padding >= 0; };
  check(possible(rows) && possible(columns), operation_,
        "kernel {}, stride {}, padding {}; kernel and stride must be at least 1, padding at least 0",
        both(rows.kernel, columns.kernel), both(rows.stride, columns.stride), both(rows.padding, columns.padding));
  require_square(device, conv, operation_);
}

void Checks::holds_kernel(const Argument& map, const Conv2d& conv) const {
  const ConvAxis rows = conv.vertical();
  const ConvAxis columns = conv.horizontal();
  const Shape& shape = map.tensor.shape();
  check(shape[1] >= rows.kernel - 2 * rows.padding && shape[2] >= columns.kernel - 2 * columns.padding, operation_,
        "{} is {}, smaller than the kernel of {}", map.name, to_string(shape), both(rows.kernel, columns.kernel));
}

void require_square(Device device, const Conv2d& conv, std::string_view who) {
  check(device != Device::cuda || conv.is_square(), who,
        "a GPU has no convolutions yet whose height differs from their width; use {}",
        wording::option("device", "cpu"));
}

}  // namespace biossl::ops
