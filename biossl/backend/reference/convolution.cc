#include "biossl/backend/backend.h"
#include "biossl/backend/reference/activation.h"
#include "biossl/backend/reference/elements.h"

namespace biossl::reference {
namespace {

/// One connection of a convolution: the positions of its input pixel's channels, of its output pixel's channels, and
/// its kernel tap.
struct Connection {
  std::size_t src, dst, tap;
};

/// Calls body for every pair of an output pixel and an input pixel inside the image that a kernel tap connects.
template <class Body>
void for_each_connection(const Shape& src, const Shape& dst, const Conv2d& conv, const Body& body) {
  const auto [rows, row_stride, row_padding] = conv.vertical();
  const auto [columns, column_stride, column_padding] = conv.horizontal();
  for (std::int64_t n = 0; n < dst[0]; ++n) {
    for (std::int64_t y = 0; y < dst[1]; ++y) {
      for (std::int64_t x = 0; x < dst[2]; ++x) {
        for (std::int64_t i = 0; i < rows; ++i) {
          for (std::int64_t j = 0; j < columns; ++j) {
            const std::int64_t row = y * row_stride + i - row_padding;
            const std::int64_t column = x * column_stride + j - column_padding;
            if (row < 0 || row >= src[1] || column < 0 || column >= src[2]) continue;
            body(Connection{static_cast<std::size_t>(((n * src[1] + row) * src[2] + column) * src[3]),
                            static_cast<std::size_t>(((n * dst[1] + y) * dst[2] + x) * dst[3]),
                            static_cast<std::size_t>(i * columns + j)});
          }
        }
      }
    }
  }
}

/// The sizes that the inner loops of a convolution run over, and where a weight lies in (O, K', K, I).
struct Channels {
  std::size_t in, out, taps;

  Channels(const Shape& src, const Shape& dst, const Conv2d& conv)
      : in(static_cast<std::size_t>(src[3])),
        out(static_cast<std::size_t>(dst[3])),
        taps(static_cast<std::size_t>(conv.taps())) {}
  std::size_t weight(std::size_t o, std::size_t tap) const { return (o * taps + tap) * in; }
};

}  // namespace

void conv2d_forward(const Tensor& src, const Weights& weights, const Tensor& bias, const Conv2d& conv,
                    Activation activation, Tensor& dst) {
  const Channels channels(src.shape(), dst.shape(), conv);
  const std::vector<double> input = load(src);
  const std::vector<double> weight = load(weights.values());
  const std::vector<double> offset = load(bias);
  std::vector<double> output = zeros_like(dst);
  for_each_connection(src.shape(), dst.shape(), conv, [&](const Connection& at) {
    for (std::size_t o = 0; o < channels.out; ++o) {
      const std::size_t w = channels.weight(o, at.tap);
      double sum = 0;
      for (std::size_t c = 0; c < channels.in; ++c) sum += input[at.src + c] * weight[w + c];
      output[at.dst + o] += sum;
    }
  });
  for (std::size_t i = 0; i < output.size(); ++i) {
    const double biased = output[i] + (offset.empty() ? 0.0 : offset[i % channels.out]);
    output[i] = activate(activation, biased);
  }
  store(output, dst);
}

void conv2d_backward_data(const Tensor& d_dst, const Weights& weights, const Conv2d& conv, Tensor& d_src) {
  const Channels channels(d_src.shape(), d_dst.shape(), conv);
  const std::vector<double> error = load(d_dst);
  const std::vector<double> weight = load(weights.values());
  std::vector<double> result = zeros_like(d_src);
  for_each_connection(d_src.shape(), d_dst.shape(), conv, [&](const Connection& at) {
    for (std::size_t o = 0; o < channels.out; ++o) {
      const std::size_t w = channels.weight(o, at.tap);
      for (std::size_t c = 0; c < channels.in; ++c) result[at.src + c] += error[at.dst + o] * weight[w + c];
    }
  });
  store(result, d_src);
}

void conv2d_backward_weights(const Tensor& src, const Tensor& d_dst, const Conv2d& conv, Tensor& d_weights,
                             Tensor& d_bias) {
  const Channels channels(src.shape(), d_dst.shape(), conv);
  const std::vector<double> input = load(src);
  const std::vector<double> error = load(d_dst);
  std::vector<double> update = zeros_like(d_weights);
  for_each_connection(src.shape(), d_dst.shape(), conv, [&](const Connection& at) {
    for (std::size_t o = 0; o < channels.out; ++o) {
      const std::size_t w = channels.weight(o, at.tap);
      for (std::size_t c = 0; c < channels.in; ++c) update[w + c] += error[at.dst + o] * input[at.src + c];
    }
  });
  store(update, d_weights);
  std::vector<double> bias_update = zeros_like(d_bias);
  if (bias_update.empty()) return;
  for (std::size_t i = 0; i < error.size(); ++i) bias_update[i % channels.out] += error[i];
  store(bias_update, d_bias);
}

}  // namespace biossl::reference
