#include "tests/support/tensors.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace biossl::testing {
namespace {

Device host_of(Device device) { return device == Device::cuda ? Device::cpu : device; }

/// Makes a tensor on a device; fill(host) writes its values.
template <class Fill>
Tensor made(const Shape& shape, DType dtype, Device device, const Fill& fill) {
  Tensor host(shape, dtype, host_of(device));
  fill(host);
  return on(device, host);
}

void write(const std::vector<double>& values, const Tensor& to) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (to.dtype() == DType::float64) to.span<double>()[i] = values[i];
    if (to.dtype() == DType::float32) to.span<float>()[i] = static_cast<float>(values[i]);
    if (to.dtype() == DType::bfloat16) to.span<bfloat16>()[i] = bfloat16(static_cast<float>(values[i]));
  }
}

}  // namespace

Tensor tensor_of(const Shape& shape, const std::vector<double>& values, DType dtype, Device device) {
  check(static_cast<std::size_t>(shape.size()) == values.size(), "tensor_of", "{} values", values.size());
  return made(shape, dtype, device, [&](const Tensor& host) { write(values, host); });
}

Tensor random_tensor(const Shape& shape, DType dtype, Device device, std::uint32_t seed, float spread) {
  Random random(seed, Purpose::sample);
  std::vector<double> values(static_cast<std::size_t>(shape.size()));
  for (double& value : values) value = static_cast<double>(spread * random.normal());
  return tensor_of(shape, values, dtype, device);
}

Tensor bytes_of(const Shape& shape, const std::vector<std::uint8_t>& values, Device device) {
  return made(shape, DType::uint8, device,
              [&](const Tensor& host) { std::copy(values.begin(), values.end(), host.data<std::uint8_t>()); });
}

Tensor indices_of(const std::vector<std::int32_t>& values, Device device) {
  return made({static_cast<std::int64_t>(values.size())}, DType::int32, device,
              [&](const Tensor& host) { std::copy(values.begin(), values.end(), host.data<std::int32_t>()); });
}

Tensor random_bytes(const Shape& shape, Device device, std::uint32_t seed) {
  Random random(seed, Purpose::sample);
  std::vector<std::uint8_t> values(static_cast<std::size_t>(shape.size()));
  for (std::uint8_t& value : values) value = static_cast<std::uint8_t>(random.below(256));
  return bytes_of(shape, values, device);
}

Tensor poisoned(const Shape& shape, DType dtype, Device device) {
  return made(shape, dtype, device, [&](const Tensor& host) {
    if (dtype == DType::uint8) {
      std::fill_n(host.data<std::uint8_t>(), host.size(), std::uint8_t{255});
    } else {
      write(std::vector<double>(static_cast<std::size_t>(host.size()), std::numeric_limits<double>::quiet_NaN()), host);
    }
  });
}

Tensor on(Device device, const Tensor& tensor) {
  if (tensor.empty() || tensor.device() == device) return tensor;
  Tensor there(tensor.shape(), tensor.dtype(), device);
  copy(tensor, there);
  return there;
}

std::vector<double> values_of(const Tensor& tensor) {
  const Tensor host = on(host_of(tensor.device()), tensor);
  std::vector<double> values;
  const auto append = [&](auto elements, auto widen) {
    for (const auto element : elements) values.push_back(widen(element));
  };
  const auto plain = [](auto element) { return static_cast<double>(element); };
  if (host.dtype() == DType::float64) append(host.span<double>(), plain);
  if (host.dtype() == DType::float32) append(host.span<float>(), plain);
  if (host.dtype() == DType::uint8) append(host.span<std::uint8_t>(), plain);
  if (host.dtype() == DType::int32) append(host.span<std::int32_t>(), plain);
  if (host.dtype() == DType::bfloat16) {
    append(host.span<bfloat16>(), [](bfloat16 element) { return static_cast<double>(static_cast<float>(element)); });
  }
  return values;
}

double relative_error(const std::vector<double>& ours, const std::vector<double>& expected) {
  if (ours.size() != expected.size()) return std::numeric_limits<double>::infinity();
  double difference = 0;
  double length = 0;
  for (std::size_t i = 0; i < ours.size(); ++i) {
    difference += (ours[i] - expected[i]) * (ours[i] - expected[i]);
    length += expected[i] * expected[i];
  }
  if (!std::isfinite(difference)) return std::numeric_limits<double>::infinity();
  return length > 0 ? std::sqrt(difference / length) : std::sqrt(difference);
}

double relative_error(const Tensor& ours, const Tensor& expected) {
  if (ours.shape() != expected.shape()) return std::numeric_limits<double>::infinity();
  return relative_error(values_of(ours), values_of(expected));
}

double inner_product(const Tensor& a, const Tensor& b) {
  const std::vector<double> left = values_of(a);
  const std::vector<double> right = values_of(b);
  double sum = 0;
  for (std::size_t i = 0; i < left.size(); ++i) sum += left[i] * right[i];
  return sum;
}

double tolerance(DType dtype) { return dtype == DType::bfloat16 ? 1e-2 : 1e-5; }

std::vector<double> numeric_derivative(Tensor& at, const std::function<double()>& function, double step) {
  std::vector<double> derivative;
  for (double& element : at.span<double>()) {
    const double kept = element;
    element = kept + step;
    const double above = function();
    element = kept - step;
    const double below = function();
    element = kept;
    derivative.push_back((above - below) / (2 * step));
  }
  return derivative;
}

}  // namespace biossl::testing
