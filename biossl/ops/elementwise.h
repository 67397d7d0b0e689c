#pragma once

#include <cstdint>
#include <string_view>

#include "biossl/core/tensor.h"

// Elements that losses, rules, blocks and heads of one's own are composed of: functions of elements, reductions,
// products of matrices. Every operation has plain loops on the device `reference` and a vectorised form on `cpu`, with
// threads where there are many elements. A GPU has none of them: there each throws std::invalid_argument, and
// require_host says so before a run begins.

namespace biossl {

/// A function of one number.
enum class Function : std::uint8_t {
  absolute,     ///< |x|
  exponential,  ///< e^x
  logarithm,    ///< ln x
  square,       ///< x^2
  square_root,  ///< sqrt x
  reciprocal,   ///< 1 / x
  sign,         ///< -1, 0 or 1
  step,         ///< 1 where x > 0, else 0
  relu,         ///< max(x, 0)
  sigmoid,      ///< 1 / (1 + e^-x)
  softplus,     ///< ln (1 + e^x)
};

/// A function of two numbers.
enum class Combination : std::uint8_t { add, subtract, multiply, divide, maximum, minimum, equal, power };

enum class Reduction : std::uint8_t { sum, mean, maximum };

/// A run of neighbouring axes [first, last) of a tensor. first < 0 and last <= 0 count from behind the last axis:
/// {-1, 0} is the last axis, {0, -1} all but it.
struct Axes {
  int first, last;
};
inline constexpr Axes over_batch{0, 1};      ///< N of (N, H, W, C) and of (N, D)
inline constexpr Axes over_positions{1, 3};  ///< H, W of (N, H, W, C)
inline constexpr Axes over_channels{-1, 0};  ///< the last axis: C of (N, H, W, C), D of (N, D)
inline constexpr Axes all_but_channels{0, -1};

/// A tensor as (outer, folded, inner): the extents before, inside and behind a run of axes.
struct Folded {
  std::int64_t outer, folded, inner;
};

namespace ops {

/// dst = function(src), element by element. dst may be src.
void apply(Function function, const Tensor& src, Tensor& dst);
/// dst = combination(a, b), element by element. b has a's shape, or 1 in place of the extents of one run of axes: its
/// values then count for all elements along them. dst, of a's shape, may be a, and b where their shapes are equal.
/// equal: 1 where a = b, else 0.
void combine(const Tensor& a, Combination combination, const Tensor& b, Tensor& dst);
/// dst = the sum, mean or largest value of src along a run of axes, whose extents dst has as 1. Sums of the device
/// `cpu` are kept in float32 and added in an order that does not depend on the number of threads.
void reduce(Reduction reduction, const Tensor& src, Axes axes, Tensor& dst);
/// dst = the sum of the products of a's and b's elements along a run of axes. a and b may be the same: squares.
void reduce_products(const Tensor& a, const Tensor& b, Axes axes, Tensor& dst);
/// dst = (src - means) / deviations, deviations = sqrt(variances + epsilon), each broadcast as in combine(). dst may be
/// src; deviations may be variances.
void normalize(const Tensor& src, const Tensor& means, const Tensor& variances, double epsilon, Tensor& dst,
               Tensor& deviations);
/// dst = (src - mean) / deviation, with mean and deviation = sqrt(variance + epsilon) of src along a run of axes, whose
/// extents means and deviations have as 1. dst may be src.
void standardize(const Tensor& src, Axes axes, double epsilon, Tensor& dst, Tensor& means, Tensor& deviations);
/// The error of src from that of dst:
///   d_src = (d_dst - d_means - dst d_products) / deviations
/// d_means and d_products, of the shape of deviations, receive the means of d_dst and of d_dst dst along the axes.
/// d_src is another tensor than d_dst and dst; where it is empty, only the means are computed.
void standardize_backward(const Tensor& d_dst, const Tensor& dst, const Tensor& deviations, Axes axes, Tensor& d_means,
                          Tensor& d_products, Tensor& d_src);
/// Columns to, ..., to + count - 1 of dst (N, E) = columns from, ... of src (N, D), converted to dst's type.
void copy_columns(const Tensor& src, std::int64_t from, Tensor& dst, std::int64_t to, std::int64_t count);
/// Row i of dst = row (i + by) mod N of src (N, ...), with 0 <= by <= N. dst is another tensor than src.
void rotate_rows(const Tensor& src, std::int64_t by, Tensor& dst);
/// dst = a b for matrices (float32; float64 on the reference device), each factor taken as it is or transposed.
void matrix_product(const Tensor& a, bool a_transposed, const Tensor& b, bool b_transposed, Tensor& dst);

/// The shape that reduce() has dst in.
Shape reduced(const Shape& shape, Axes axes);
/// Throws std::invalid_argument, naming `who`, unless the device has the operations above.
void require_host(Device device, std::string_view who);

}  // namespace ops
}  // namespace biossl
