#include "biossl/evaluation/eigenvalues.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "biossl/core/error.h"
#include "biossl/core/parallel.h"

namespace biossl {
namespace {

constexpr std::int64_t row_grain = 32;  // rows that are worth a thread
constexpr int most_steps = 60;          // per eigenvalue; a few are usual

double dot(const double* a, const double* b, std::int64_t count) {
  double sum = 0;
#pragma omp simd reduction(+ : sum)
  for (std::int64_t i = 0; i < count; ++i) sum += a[i] * b[i];
  return sum;
}

struct Tridiagonal {
  std::vector<double> diagonal, beside;  ///< beside[k] couples k and k + 1
};

/// Reflects the rows and columns behind k so that column k has one number below its diagonal, which is returned.
double reflect(double* matrix, std::int64_t size, std::int64_t k, std::vector<double>& v, std::vector<double>& w) {
  const std::int64_t first = k + 1;
  const std::int64_t count = size - first;
  for (std::int64_t i = 0; i < count; ++i) {
    v[static_cast<std::size_t>(i)] = matrix[(first + i) * size + k];
  }
  const double length = std::sqrt(dot(v.data(), v.data(), count));
  const double goal = v[0] > 0 ? -length : length;
  v[0] -= goal;
  const double square = dot(v.data(), v.data(), count);
  if (square == 0) return goal;
  const auto row = [&](std::int64_t i) { return matrix + (first + i) * size + first; };
  parallel_for(count, row_grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      w[static_cast<std::size_t>(i)] = 2 / square * dot(row(i), v.data(), count);
    }
  });
  const double along = dot(v.data(), w.data(), count) / square;
  for (std::int64_t i = 0; i < count; ++i) {
    w[static_cast<std::size_t>(i)] -= along * v[static_cast<std::size_t>(i)];
  }
  parallel_for(count, row_grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      double* const to = row(i);
      const double v_i = v[static_cast<std::size_t>(i)];
      const double w_i = w[static_cast<std::size_t>(i)];
#pragma omp simd
      for (std::int64_t j = 0; j < count; ++j) to[j] -= v_i * w.data()[j] + w_i * v.data()[j];
    }
  });
  return goal;
}

Tridiagonal reduce(double* matrix, std::int64_t size) {
  Tridiagonal result;
  std::vector<double> v(static_cast<std::size_t>(size)), w(static_cast<std::size_t>(size));
  for (std::int64_t k = 0; k < size; ++k) {
    result.diagonal.push_back(matrix[k * size + k]);
    if (k + 1 < size) result.beside.push_back(reflect(matrix, size, k, v, w));
  }
  return result;
}

/// One implicit QL step on rows first .. last of a tridiagonal matrix that falls into no parts between them.
void step(std::vector<double>& d, std::vector<double>& e, std::size_t first, std::size_t last) {
  const double half = (d[first + 1] - d[first]) / (2 * e[first]);
  const double root = std::hypot(half, 1.0);
  double g = d[last] - d[first] + e[first] / (half + std::copysign(root, half));
  double sine = 1, cosine = 1, moved = 0;
  for (std::size_t i = last; i-- > first;) {
    const double f = sine * e[i];
    const double b = cosine * e[i];
    const double length = std::hypot(f, g);
    if (i + 1 < last) e[i + 1] = length;
    if (length == 0) {
      d[i + 1] -= moved;
      return;
    }
    sine = f / length;
    cosine = g / length;
    g = d[i + 1] - moved;
    const double turned = (d[i] - g) * sine + 2 * cosine * b;
    moved = sine * turned;
    d[i + 1] = g + moved;
    g = cosine * turned - b;
  }
  d[first] -= moved;
  e[first] = g;
}

}  // namespace

std::vector<double> symmetric_eigenvalues(std::span<double> matrix, std::int64_t size) {
  check(size >= 0 && static_cast<std::int64_t>(matrix.size()) == size * size, "eigenvalues",
        "{} numbers are no matrix of {} rows", matrix.size(), size);
  for (const double value : matrix) {
    if (!std::isfinite(value)) throw std::runtime_error("a matrix with NaN or infinite numbers has no eigenvalues");
  }
  auto [d, e] = reduce(matrix.data(), size);
  double largest = 0;
  for (const std::vector<double>* part : {&d, &e}) {
    for (const double value : *part) largest = std::max(largest, std::abs(value));
  }
  const double tiny = std::numeric_limits<double>::epsilon() * largest;  // as exact as the reduction
  for (std::size_t first = 0; first < d.size(); ++first) {
    for (int steps = 0;; ++steps) {
      std::size_t last = first;
      while (last + 1 < d.size() && std::abs(e[last]) > tiny) ++last;
      if (last == first) break;
      if (steps == most_steps) throw std::runtime_error("the eigenvalues of a matrix could not be found");
      step(d, e, first, last);
    }
  }
  std::ranges::sort(d);
  return d;
}

}  // namespace biossl
