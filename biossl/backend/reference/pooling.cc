#include "biossl/backend/backend.h"
#include "biossl/backend/reference/activation.h"
#include "biossl/backend/reference/elements.h"

namespace biossl::reference {
namespace {

/// Calls body(pooled, unpooled, element) for every element of every complete window: the positions of the pooled value
/// and of the element in their tensors, and the element's index in the window, row by row.
template <class Body>
void for_each_element(const Shape& unpooled, const Shape& pooled, std::int64_t window, const Body& body) {
  std::size_t at = 0;
  for (std::int64_t n = 0; n < pooled[0]; ++n) {
    for (std::int64_t y = 0; y < pooled[1]; ++y) {
      for (std::int64_t x = 0; x < pooled[2]; ++x) {
        for (std::int64_t c = 0; c < pooled[3]; ++c, ++at) {
          for (std::int64_t element = 0; element < window * window; ++element) {
            const std::int64_t row = y * window + element / window;
            const std::int64_t column = x * window + element % window;
            const std::int64_t from = ((n * unpooled[1] + row) * unpooled[2] + column) * unpooled[3] + c;
            body(at, static_cast<std::size_t>(from), element);
          }
        }
      }
    }
  }
}

}  // namespace

void max_pool_forward(const Tensor& src, std::int64_t window, Activation activation, Tensor& dst, Tensor& argmax) {
  const std::vector<double> input = load(src);
  std::vector<double> output = zeros_like(dst);
  auto* which = argmax.data<std::uint8_t>();
  for_each_element(src.shape(), dst.shape(), window, [&](std::size_t to, std::size_t from, std::int64_t element) {
    if (element > 0 && !(input[from] > output[to])) return;
    output[to] = input[from];
    which[to] = static_cast<std::uint8_t>(element);
  });
  for (double& value : output) value = activate(activation, value);
  store(output, dst);
}

void max_pool_backward(const Tensor& d_dst, const Tensor& dst, const Tensor& argmax, std::int64_t window,
                       Activation activation, Tensor& d_src) {
  const std::vector<double> error = load(d_dst);
  const std::vector<double> output = load(dst);
  const auto* which = argmax.data<std::uint8_t>();
  std::vector<double> result = zeros_like(d_src);
  for_each_element(d_src.shape(), dst.shape(), window, [&](std::size_t from, std::size_t to, std::int64_t element) {
    if (which[from] == element) result[to] = error[from] * activation_slope(activation, output[from]);
  });
  store(result, d_src);
}

void average_pool_forward(const Tensor& src, std::int64_t window, Tensor& dst) {
  const std::vector<double> input = load(src);
  std::vector<double> output = zeros_like(dst);
  const auto count = static_cast<double>(window * window);
  for_each_element(src.shape(), dst.shape(), window,
                   [&](std::size_t to, std::size_t from, std::int64_t) { output[to] += input[from] / count; });
  store(output, dst);
}

void average_pool_backward(const Tensor& d_dst, std::int64_t window, Tensor& d_src) {
  const std::vector<double> error = load(d_dst);
  std::vector<double> result = zeros_like(d_src);
  const auto count = static_cast<double>(window * window);
  for_each_element(d_src.shape(), d_dst.shape(), window,
                   [&](std::size_t from, std::size_t to, std::int64_t) { result[to] = error[from] / count; });
  store(result, d_src);
}

}  // namespace biossl::reference
