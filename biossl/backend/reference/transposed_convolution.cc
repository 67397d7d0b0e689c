#include "biossl/backend/backend.h"
#include "biossl/backend/reference/activation.h"
#include "biossl/backend/reference/elements.h"

namespace biossl::reference {
namespace {

/// Calls body(src pixel, tap, dst pixel) for every pixel of src and every pixel of dst that a tap of the kernel spreads
/// it to.
template <class Body>
void for_each_spread(const Shape& src, const Shape& dst, const Conv2d& conv, const Body& body) {
  const ConvAxis rows = conv.vertical();
  const ConvAxis columns = conv.horizontal();
  for (std::int64_t from = 0; from < src[0] * src[1] * src[2]; ++from) {
    const std::int64_t image = from / (src[1] * src[2]);
    const std::int64_t top = from / src[2] % src[1] * rows.stride - rows.padding;
    const std::int64_t left = from % src[2] * columns.stride - columns.padding;
    for (std::int64_t tap = 0; tap < conv.taps(); ++tap) {
      const std::int64_t y = top + tap / columns.kernel;
      const std::int64_t x = left + tap % columns.kernel;
      if (y < 0 || y >= dst[1] || x < 0 || x >= dst[2]) continue;
      body(static_cast<std::size_t>(from), static_cast<std::size_t>(tap),
           static_cast<std::size_t>((image * dst[1] + y) * dst[2] + x));
    }
  }
}

}  // namespace

void transposed_conv2d_forward(const Tensor& src, const Weights& weights, const Tensor& bias, const Conv2d& conv,
                               Activation activation, Tensor& dst) {
  const auto inputs = static_cast<std::size_t>(src.extent(3));
  const auto outputs = static_cast<std::size_t>(dst.extent(3));
  const auto taps = static_cast<std::size_t>(conv.taps());
  const std::vector<double> input = load(src);
  const std::vector<double> weight = load(weights.values());
  const std::vector<double> offset = load(bias);
  std::vector<double> output = zeros_like(dst);
  for_each_spread(src.shape(), dst.shape(), conv, [&](std::size_t from, std::size_t tap, std::size_t to) {
    for (std::size_t o = 0; o < inputs; ++o) {
      for (std::size_t c = 0; c < outputs; ++c) {
        output[to * outputs + c] += input[from * inputs + o] * weight[(o * taps + tap) * outputs + c];
      }
    }
  });
  for (std::size_t i = 0; i < output.size(); ++i) {
    output[i] = activate(activation, output[i] + (offset.empty() ? 0.0 : offset[i % outputs]));
  }
  store(output, dst);
}

void transposed_conv2d_backward_weights(const Tensor& src, const Tensor& d_dst, const Conv2d& conv, Tensor& d_weights,
                                        Tensor& d_bias) {
  const auto inputs = static_cast<std::size_t>(src.extent(3));
  const auto outputs = static_cast<std::size_t>(d_dst.extent(3));
  const auto taps = static_cast<std::size_t>(conv.taps());
  const std::vector<double> input = load(src);
  const std::vector<double> error = load(d_dst);
  std::vector<double> update = zeros_like(d_weights);
  for_each_spread(src.shape(), d_dst.shape(), conv, [&](std::size_t from, std::size_t tap, std::size_t to) {
    for (std::size_t o = 0; o < inputs; ++o) {
      for (std::size_t c = 0; c < outputs; ++c) {
        update[(o * taps + tap) * outputs + c] += input[from * inputs + o] * error[to * outputs + c];
      }
    }
  });
  store(update, d_weights);
  std::vector<double> bias_update = zeros_like(d_bias);
  if (bias_update.empty()) return;
  for (std::size_t i = 0; i < error.size(); ++i) bias_update[i % outputs] += error[i];
  store(bias_update, d_bias);
}

}  // namespace biossl::reference
