#include <algorithm>
#include <array>
#include <utility>

#include "biossl/backend/backend.h"
#include "biossl/backend/cpu/elements.h"
#include "biossl/backend/cpu/lanes.h"
#include "biossl/core/parallel.h"

// A linear layer with few outputs reads much and computes little. So each row is read once for ten outputs at a time,
// in place, into 20 sums that stay in registers where there are 32 of them (AVX-512). Later rows are prefetched,
// because the hardware cannot predict the next row of a shuffled batch.
namespace biossl::cpu::BIOSSL_LEVEL {
namespace {

constexpr std::int64_t most_outputs = 10;  // per kernel; two rows or two registers of each fill the register file
constexpr std::int64_t rows_ahead = 16;
constexpr std::int64_t row_group = 32;        // rows whose sums stay in the cache between blocks of features
constexpr std::int64_t feature_block = 1024;  // for ten outputs: 40 KB of weights, which stay in the cache for a group
                                              // of rows

/// Rows of a matrix, chosen by index.
template <class T>
struct GatheredRows {
  const T* values;
  const std::int32_t* numbers;
  std::int64_t count, features;

  const T* operator[](std::int64_t n) const { return values + numbers[n] * features; }
  /// The row to prefetch while row n is read.
  const T* ahead_of(std::int64_t n) const { return (*this)[std::min(n + rows_ahead, count - 1)]; }
  /// Features that fill whole registers; the rest is summed one by one.
  std::int64_t whole() const { return features / lane_count * lane_count; }
};

/// Calls body(std::integral_constant<int, outputs>) for outputs from 1 to 10; each number has its own kernel.
template <class Body>
void with_outputs(std::int64_t outputs, const Body& body) {
  [&]<int... index>(std::integer_sequence<int, index...>) {
    (void)((outputs == index + 1 && (body(std::integral_constant<int, index + 1>()), true)) || ...);
  }
  (std::make_integer_sequence<int, most_outputs>());
}

// --- forward

/// The sums of a group of rows, one register for every row and output.
using GroupSums = std::array<std::array<Lanes, most_outputs>, row_group>;

/// sums[row][o] += <row, weights[o]> over features [begin, end), for `rows` neighbouring rows of a batch.
template <int rows, int outputs, class T>
void add_products(const GatheredRows<T>& src, std::int64_t first, const float* weights, std::int64_t begin,
                  std::int64_t end, std::array<Lanes, most_outputs>* sums) {
  std::array<const T*, rows> row;
  std::array<const T*, rows> ahead;
  Lanes sum[rows][outputs];
  for (int r = 0; r < rows; ++r) {
    row[r] = src[first + r];
    ahead[r] = src.ahead_of(first + r);
    for (int o = 0; o < outputs; ++o) sum[r][o] = sums[r][o];
  }
  for (std::int64_t i = begin; i < end; i += lane_count) {
    Lanes x[rows];
    for (int r = 0; r < rows; ++r) {
      __builtin_prefetch(ahead[r] + i);
      x[r] = load_lanes(row[r] + i);
    }
    for (int o = 0; o < outputs; ++o) {
      const Lanes weight = load_lanes(weights + o * src.features + i);
      for (int r = 0; r < rows; ++r) sum[r][o] += x[r] * weight;
    }
  }
  for (int r = 0; r < rows; ++r) {
    for (int o = 0; o < outputs; ++o) sums[r][o] = sum[r][o];
  }
}

/// The sum over the lanes, and over the features that fill no register.
template <class T>
float total(const Lanes& sum, const T* row, const float* weights, std::int64_t whole, std::int64_t features) {
  float all = 0.0F;
  for (std::int64_t lane = 0; lane < lane_count; ++lane) all += sum[lane];
  for (std::int64_t i = whole; i < features; ++i) all += static_cast<float>(row[i]) * weights[i];
  return all;
}

/// Rows [begin, end) of a batch, at most one group, and `outputs` outputs; weights, bias and dst point to the first
/// output.
template <int outputs, class T>
void forward_group(const GatheredRows<T>& src, std::int64_t begin, std::int64_t end, const float* weights,
                   const float* bias, float* dst, std::int64_t dst_stride) {
  GroupSums sums{};
  const std::int64_t whole = src.whole();
  for (std::int64_t first = 0; first < whole; first += feature_block) {
    const std::int64_t last = std::min(first + feature_block, whole);
    std::int64_t n = begin;
    for (; n + 2 <= end; n += 2) add_products<2, outputs>(src, n, weights, first, last, &sums[n - begin]);
    if (n < end) add_products<1, outputs>(src, n, weights, first, last, &sums[n - begin]);
  }
  for (std::int64_t n = begin; n < end; ++n) {
    for (int o = 0; o < outputs; ++o) {
      dst[n * dst_stride + o] =
          bias[o] + total(sums[n - begin][o], src[n], weights + o * src.features, whole, src.features);
    }
  }
}

// --- backward

/// d_weights[o][i] = sum_n d_dst[n][o] src[n][i] for `registers` registers of features from `first` on. A sum over the
/// batch never leaves its register.
template <int registers, int outputs, class T>
void backward_strip(const GatheredRows<T>& src, std::int64_t first, const float* d_dst, std::int64_t d_dst_stride,
                    float* d_weights) {
  Lanes sum[registers][outputs] = {};
  for (std::int64_t n = 0; n < src.count; ++n) {
    const T* ahead = src.ahead_of(n) + first;
    Lanes x[registers];
    for (int r = 0; r < registers; ++r) {
      __builtin_prefetch(ahead + r * lane_count);
      x[r] = load_lanes(src[n] + first + r * lane_count);
    }
    for (int o = 0; o < outputs; ++o) {
      const Lanes error = same_lanes(d_dst[n * d_dst_stride + o]);
      for (int r = 0; r < registers; ++r) sum[r][o] += error * x[r];
    }
  }
  for (int o = 0; o < outputs; ++o) {
    for (int r = 0; r < registers; ++r) {
      store_lanes(sum[r][o], d_weights + o * src.features + first + r * lane_count);
    }
  }
}

/// Features [begin, end); the last ones may fill no register.
template <int outputs, class T>
void backward_features(const GatheredRows<T>& src, std::int64_t begin, std::int64_t end, const float* d_dst,
                       std::int64_t d_dst_stride, float* d_weights) {
  std::int64_t i = begin;
  for (; i + 2 * lane_count <= end; i += 2 * lane_count) {
    backward_strip<2, outputs>(src, i, d_dst, d_dst_stride, d_weights);
  }
  for (; i + lane_count <= end; i += lane_count) backward_strip<1, outputs>(src, i, d_dst, d_dst_stride, d_weights);
  for (; i < end; ++i) {
    for (int o = 0; o < outputs; ++o) {
      float sum = 0.0F;
      for (std::int64_t n = 0; n < src.count; ++n) sum += d_dst[n * d_dst_stride + o] * static_cast<float>(src[n][i]);
      d_weights[o * src.features + i] = sum;
    }
  }
}

template <class T>
GatheredRows<T> gathered(const Tensor& src, const Tensor& rows) {
  return {src.data<T>(), rows.data<std::int32_t>(), rows.size(), src.shape().row_size()};
}

}  // namespace

void gathered_linear_forward(const Tensor& src, const Tensor& rows, const Tensor& weights, const Tensor& bias,
                             Tensor& dst) {
  const std::int64_t outputs = dst.extent(1);
  with_type(src, [&](auto zero) {
    const auto batch = gathered<decltype(zero)>(src, rows);
    // Split by rows: no sum is split between threads, so the result does not depend on their number.
    parallel_for(batch.count, row_group / 2, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t n = begin; n < end; n += row_group) {
        for (std::int64_t o = 0; o < outputs; o += most_outputs) {
          with_outputs(std::min(outputs - o, most_outputs), [&](auto count) {
            forward_group<count()>(batch, n, std::min(n + row_group, end), weights.data<float>() + o * batch.features,
                                   bias.data<float>() + o, dst.data<float>() + o, outputs);
          });
        }
      }
    });
  });
}

void gathered_linear_backward_weights(const Tensor& src, const Tensor& rows, const Tensor& d_dst, Tensor& d_weights,
                                      Tensor& d_bias) {
  const std::int64_t outputs = d_dst.extent(1);
  const float* error = d_dst.data<float>();
  with_type(src, [&](auto zero) {
    const auto batch = gathered<decltype(zero)>(src, rows);
    // Split by features, for the same reason.
    parallel_for(batch.features, 4 * lane_count, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t o = 0; o < outputs; o += most_outputs) {
        with_outputs(std::min(outputs - o, most_outputs), [&](auto count) {
          backward_features<count()>(batch, begin, end, error + o, outputs,
                                     d_weights.data<float>() + o * batch.features);
        });
      }
    });
  });
  d_bias.fill_zero();
  float* sums = d_bias.data<float>();
  for (std::int64_t n = 0; n < rows.size(); ++n) {
    for (std::int64_t o = 0; o < outputs; ++o) sums[o] += error[n * outputs + o];
  }
}

}  // namespace biossl::cpu::BIOSSL_LEVEL
