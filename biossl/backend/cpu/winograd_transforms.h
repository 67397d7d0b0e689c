#pragma once

#include <array>

#include "biossl/backend/cpu/lanes.h"

// The transforms of F(4x4, 3x3), for as many channels at a time as a register holds. They are Toom and Cook's for the
// points 0, +-a, +-b and infinity. With a = 5/8 and b = 3/2 rounding errors are half as large as with the usual 1 and
// 2, and twice those of the plain sum; both points, their squares and products are exact in float32.
namespace biossl::cpu::BIOSSL_LEVEL::winograd {

inline constexpr int tile = 4;  // outputs along an axis
inline constexpr int span = 6;  // inputs along an axis
inline constexpr int kernel = 3;
inline constexpr int elements = span * span;

inline constexpr float a = 0.625F;
inline constexpr float b = 1.5F;
inline constexpr float a2 = a * a;
inline constexpr float b2 = b * b;
inline constexpr float at_zero = 1 / (a2 * b2);  // 1 / the product of a point's distances from the others
inline constexpr float at_a = 1 / (2 * a2 * (a2 - b2));
inline constexpr float at_b = 1 / (2 * b2 * (b2 - a2));

template <int size>
using Column = std::array<Lanes, size>;

/// B^T x
[[gnu::always_inline]] inline Column<span> transform_input(const Column<span>& x) {
  const Lanes even_a = x[4] - b2 * x[2];
  const Lanes even_b = x[4] - a2 * x[2];
  const Lanes odd_a = a * (x[3] - b2 * x[1]);
  const Lanes odd_b = b * (x[3] - a2 * x[1]);
  return {a2 * b2 * x[0] - (a2 + b2) * x[2] + x[4], even_a + odd_a, even_a - odd_a, even_b + odd_b, even_b - odd_b,
          a2 * b2 * x[1] - (a2 + b2) * x[3] + x[5]};
}

/// G g
[[gnu::always_inline]] inline Column<span> transform_kernel(const Column<kernel>& g) {
  const Lanes even_a = at_a * (g[0] + a2 * g[2]);
  const Lanes even_b = at_b * (g[0] + b2 * g[2]);
  const Lanes odd_a = at_a * a * g[1];
  const Lanes odd_b = at_b * b * g[1];
  return {at_zero * g[0], even_a + odd_a, even_a - odd_a, even_b + odd_b, even_b - odd_b, g[2]};
}

/// G^T u
[[gnu::always_inline]] inline Column<kernel> transform_update(const Column<span>& u) {
  const Lanes even_a = at_a * (u[1] + u[2]);
  const Lanes even_b = at_b * (u[3] + u[4]);
  const Lanes odd_a = at_a * a * (u[1] - u[2]);
  const Lanes odd_b = at_b * b * (u[3] - u[4]);
  return {at_zero * u[0] + even_a + even_b, odd_a + odd_b, a2 * even_a + b2 * even_b + u[5]};
}

/// A y
[[gnu::always_inline]] inline Column<span> transform_error(const Column<tile>& y) {
  const Lanes even_a = y[0] + a2 * y[2];
  const Lanes even_b = y[0] + b2 * y[2];
  const Lanes odd_a = a * y[1] + a2 * a * y[3];
  const Lanes odd_b = b * y[1] + b2 * b * y[3];
  return {y[0], even_a + odd_a, even_a - odd_a, even_b + odd_b, even_b - odd_b, y[3]};
}

/// A^T m
[[gnu::always_inline]] inline Column<tile> transform_output(const Column<span>& m) {
  const Lanes even_a = m[1] + m[2];
  const Lanes even_b = m[3] + m[4];
  const Lanes odd_a = m[1] - m[2];
  const Lanes odd_b = m[3] - m[4];
  return {m[0] + even_a + even_b, a * odd_a + b * odd_b, a2 * even_a + b2 * even_b,
          a2 * a * odd_a + b2 * b * odd_b + m[5]};
}

/// T x T^T of a square of numbers: load(row, column) reads it, store(row, column, lanes) takes the result. `transform`
/// is T, from `from` numbers to `to`.
template <int from, int to, class Transform, class Load, class Store>
[[gnu::always_inline]] inline void transform_square(const Transform& transform, const Load& load, const Store& store) {
  constexpr int registers = lane_count == 16 ? 32 : 16;
  Lanes rows[to][from];
#pragma GCC unroll 6
  for (int x = 0; x < from; ++x) {
    Column<from> column;
#pragma GCC unroll 6
    for (int y = 0; y < from; ++y) column[y] = load(y, x);
    const Column<to> result = transform(column);
#pragma GCC unroll 6
    for (int y = 0; y < to; ++y) rows[y][x] = result[y];
  }
  // Through memory, in order, where registers do not hold the square: spills would be scattered.
  if constexpr (from * to + to > registers) asm("" : "+m"(rows));
#pragma GCC unroll 6
  for (int y = 0; y < to; ++y) {
    Column<from> row;
#pragma GCC unroll 6
    for (int x = 0; x < from; ++x) row[x] = rows[y][x];
    const Column<to> result = transform(row);
#pragma GCC unroll 6
    for (int x = 0; x < to; ++x) store(y, x, result[x]);
  }
}

}  // namespace biossl::cpu::BIOSSL_LEVEL::winograd
