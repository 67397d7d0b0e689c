#include "biossl/backend/shared/elementwise.h"

#include <algorithm>
#include <limits>
#include <type_traits>
#include <vector>

#include "biossl/backend/backend.h"
#include "biossl/backend/cpu/elements.h"
#include "biossl/backend/cpu/matrix_product.h"

namespace biossl::cpu::BIOSSL_LEVEL {
namespace {

/// Rows of a reduced run that one piece adds up. A constant, so that the order of a sum does not depend on the number
/// of threads.
constexpr std::int64_t rows_of_piece = 1024;

template <bool largest>
float join(float one, float other) {
  if constexpr (largest) return shared::combine_two<Combination::maximum>(one, other);
  return one + other;
}

/// result = the reduction of `count` rows of `inner` terms, of which number `first` is the first.
template <bool largest, class Term>
void reduce_rows(const Term& term, std::int64_t first, std::int64_t count, std::int64_t inner, float* result) {
  for (std::int64_t i = 0; i < inner; ++i) result[i] = term(first + i);
  for (std::int64_t k = 1; k < count; ++k) {
    const std::int64_t row = first + k * inner;
#pragma omp simd
    for (std::int64_t i = 0; i < inner; ++i) result[i] = join<largest>(result[i], term(row + i));
  }
}

/// The reduction of `count` neighbouring terms.
template <bool largest, class Term>
float reduce_run(const Term& term, std::int64_t first, std::int64_t count) {
  float result = term(first);
  if constexpr (largest) {
    int undefined = result != result ? 1 : 0;  // whether a term is NaN, of which a vector's maximum may not know
#pragma omp simd reduction(max : result) reduction(| : undefined)
    for (std::int64_t k = 1; k < count; ++k) {
      const float value = term(first + k);
      undefined |= value != value ? 1 : 0;
      result = result > value ? result : value;
    }
    if (undefined != 0) result = std::numeric_limits<float>::quiet_NaN();
  } else {
#pragma omp simd reduction(+ : result)
    for (std::int64_t k = 1; k < count; ++k) result += term(first + k);
  }
  return result;
}

/// A long run with an inner extent: in pieces of rows, whose results are joined in order.
template <bool largest, class Term, class T>
void reduce_long(const Term& term, const Folded& folded, float scale, T* dst) {
  const std::int64_t outer = folded.outer;
  const std::int64_t run = folded.folded;
  const std::int64_t inner = folded.inner;
  const std::int64_t pieces = (run + rows_of_piece - 1) / rows_of_piece;
  thread_local std::vector<float> buffer;  // kept, so that only the first call with a size allocates
  buffer.resize(static_cast<std::size_t>(outer * pieces * inner));
  float* const results = buffer.data();
  parallel_for(outer * pieces, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t piece = begin; piece < end; ++piece) {
      const std::int64_t first = piece % pieces * rows_of_piece;
      reduce_rows<largest>(term, (piece / pieces * run + first) * inner, std::min(rows_of_piece, run - first), inner,
                           results + piece * inner);
    }
  });
  for (std::int64_t o = 0; o < outer; ++o) {
    float* total = results + o * pieces * inner;
    for (std::int64_t piece = 1; piece < pieces; ++piece) {
      for (std::int64_t i = 0; i < inner; ++i) total[i] = join<largest>(total[i], total[piece * inner + i]);
    }
    for (std::int64_t i = 0; i < inner; ++i) store(total[i] * scale, dst[o * inner + i]);
  }
}

/// dst = the reduction of the terms term(0), term(1), ... times `scale`.
template <bool largest, class Term, class T>
void reduce_terms(const Term& term, const Folded& folded, float scale, T* dst) {
  const std::int64_t run = folded.folded;
  if (folded.inner > 1) return reduce_long<largest>(term, folded, scale, dst);
  parallel_for(folded.outer, std::max<std::int64_t>(element_grain / run, 1), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) store(reduce_run<largest>(term, i * run, run) * scale, dst[i]);
  });
}

}  // namespace

void apply(Function function, const Tensor& src, Tensor& dst) {
  shared::with_constant<Function, Function::softplus>(function, [&](auto which) {
    with_type(src, [&](auto zero) {
      using T = decltype(zero);
      using Which = decltype(which);
      const T* from = src.data<T>();
      fill_elements<T>(dst,
                       [=](std::int64_t i) { return shared::apply_to<Which::value>(static_cast<float>(from[i])); });
    });
  });
}

void combine(const Tensor& a, Combination combination, const Tensor& b, const Folded& folded, Tensor& dst) {
  const std::int64_t outer = folded.outer;
  const std::int64_t run = folded.folded;
  const std::int64_t inner = folded.inner;
  shared::with_constant<Combination, Combination::power>(combination, [&](auto which) {
    with_type(a, [&](auto zero) {
      using T = decltype(zero);
      using Which = decltype(which);
      const T* left = a.data<T>();
      const T* right = b.data<T>();
      T* to = dst.data<T>();
      const auto two = [](T one, T other) {
        return shared::combine_two<Which::value>(static_cast<float>(one), static_cast<float>(other));
      };
      if (run == 1) return fill_elements<T>(dst, [=](std::int64_t i) { return two(left[i], right[i]); });
      // A line is what lies along the last axis: `inner` numbers of both, or a run of a and one number of b.
      const std::int64_t line = inner > 1 ? inner : run;
      const std::int64_t lines = inner > 1 ? outer * run : outer;
      parallel_for(lines, std::max<std::int64_t>(element_grain / line, 1), [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t k = begin; k < end; ++k) {
          const T* from = left + k * line;
          T* place = to + k * line;
          if (inner > 1) {
            const T* other = right + k / run * inner;
#pragma omp simd
            for (std::int64_t i = 0; i < line; ++i) store(two(from[i], other[i]), place[i]);
          } else {
            const T other = right[k];
#pragma omp simd
            for (std::int64_t i = 0; i < line; ++i) store(two(from[i], other), place[i]);
          }
        }
      });
    });
  });
}

void reduce(Reduction reduction, const Tensor& src, const Folded& folded, Tensor& dst) {
  const float scale = reduction == Reduction::mean ? 1.0F / static_cast<float>(folded.folded) : 1.0F;
  with_type(src, [&](auto zero) {
    using T = decltype(zero);
    const T* from = src.data<T>();
    const auto term = [=](std::int64_t i) { return static_cast<float>(from[i]); };
    if (reduction == Reduction::maximum) return reduce_terms<true>(term, folded, scale, dst.data<T>());
    reduce_terms<false>(term, folded, scale, dst.data<T>());
  });
}

void reduce_products(const Tensor& a, const Tensor& b, const Folded& folded, Tensor& dst) {
  with_type(a, [&](auto zero) {
    using T = decltype(zero);
    const T* left = a.data<T>();
    const T* right = b.data<T>();
    const auto term = [=](std::int64_t i) { return static_cast<float>(left[i]) * static_cast<float>(right[i]); };
    reduce_terms<false>(term, folded, 1.0F, dst.data<T>());
  });
}

void copy_columns(const Tensor& src, std::int64_t from, Tensor& dst, std::int64_t to, std::int64_t count) {
  with_type(src, [&](auto src_zero) {
    with_type(dst, [&](auto dst_zero) {
      const auto* values = src.data<decltype(src_zero)>() + from;
      auto* results = dst.data<decltype(dst_zero)>() + to;
      const std::int64_t src_step = src.extent(1), dst_step = dst.extent(1);
      const std::int64_t grain = std::max<std::int64_t>(element_grain / count, 1);
      parallel_for(src.extent(0), grain, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t row = begin; row < end; ++row) {
          for (std::int64_t k = 0; k < count; ++k)
            store(static_cast<float>(values[row * src_step + k]), results[row * dst_step + k]);
        }
      });
    });
  });
}

void matrix_product(const Tensor& a, bool a_transposed, const Tensor& b, bool b_transposed, Tensor& dst) {
  matrix_product(a, a_transposed ? As::transposed : As::it_is, b, b_transposed ? As::transposed : As::it_is, dst);
}

}  // namespace biossl::cpu::BIOSSL_LEVEL
