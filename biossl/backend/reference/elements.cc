#include "biossl/backend/reference/elements.h"

#include <algorithm>

namespace biossl::reference {
namespace {

/// Calls body with the elements of a floating-point tensor, as a span of their type.
template <class Body>
void with_elements(const Tensor& tensor, const Body& body) {
  switch (tensor.dtype()) {
    case DType::float32:
      return body(tensor.span<float>());
    case DType::bfloat16:
      return body(tensor.span<bfloat16>());
    case DType::float64:
      return body(tensor.span<double>());
    case DType::uint8:
    case DType::int32:
      break;
  }
  fail("reference", "elements are {}, not floating-point numbers", name_of(tensor.dtype()));
}

double wide(double stored) { return stored; }
double wide(float stored) { return static_cast<double>(stored); }
double wide(bfloat16 stored) { return static_cast<double>(static_cast<float>(stored)); }

void round_to(double& stored, double value) { stored = value; }
void round_to(float& stored, double value) { stored = static_cast<float>(value); }
void round_to(bfloat16& stored, double value) { stored = bfloat16(static_cast<float>(value)); }

}  // namespace

std::vector<double> load(const Tensor& from) {
  std::vector<double> values = zeros_like(from);
  with_elements(from, [&](auto elements) {
    std::transform(elements.begin(), elements.end(), values.begin(), [](auto stored) { return wide(stored); });
  });
  return values;
}

void store(const std::vector<double>& values, Tensor& to) {
  with_elements(to, [&](auto elements) {
    for (std::size_t i = 0; i < elements.size(); ++i) round_to(elements[i], values[i]);
  });
}

std::vector<double> zeros_like(const Tensor& tensor) {
  return std::vector<double>(static_cast<std::size_t>(tensor.size()));
}

std::size_t count_nonzero_rows(const std::vector<double>& values, std::size_t row_size) {
  std::size_t count = 0;
  for (std::size_t first = 0; first < values.size(); first += row_size) {
    bool nonzero = false;
    for (std::size_t k = 0; k < row_size; ++k) nonzero = nonzero || values[first + k] != 0;
    count += nonzero ? 1 : 0;
  }
  return count;
}

}  // namespace biossl::reference
