#include "biossl/evaluation/health.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "biossl/core/error.h"
#include "biossl/core/parallel.h"
#include "biossl/evaluation/eigenvalues.h"

namespace biossl {
namespace {

constexpr std::int64_t most_negatives = 255;  // of an image

/// A matrix in double, row by row.
struct Matrix {
  std::int64_t rows, columns;
  std::vector<double> values;

  double* row(std::int64_t i) { return values.data() + i * columns; }
  const double* row(std::int64_t i) const { return values.data() + i * columns; }
};

Matrix widened(const Tensor& tensor) {
  const auto values = tensor.span<const float>();
  return {tensor.extent(0), tensor.extent(1), {values.begin(), values.end()}};
}

Matrix transposed(const Matrix& from) {
  Matrix to{from.columns, from.rows, std::vector<double>(from.values.size())};
  for (std::int64_t i = 0; i < from.rows; ++i) {
    for (std::int64_t j = 0; j < from.columns; ++j) to.row(j)[i] = from.row(i)[j];
  }
  return to;
}

/// x^T x or x x^T, whichever is smaller: both have the same eigenvalues but for zeros.
Matrix smaller_gram(const Matrix& x) {
  const Matrix& along = x.rows < x.columns ? x : transposed(x);
  const std::int64_t size = along.rows;
  Matrix gram{size, size, std::vector<double>(static_cast<std::size_t>(size * size))};
  parallel_for(size, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      for (std::int64_t j = 0; j < size; ++j) {
        const double* const one = along.row(i);
        const double* const other = along.row(j);
        double sum = 0;
#pragma omp simd reduction(+ : sum)
        for (std::int64_t k = 0; k < along.columns; ++k) sum += one[k] * other[k];
        gram.row(i)[j] = sum;
      }
    }
  });
  return gram;
}

double effective_rank(const Matrix& x) {
  Matrix gram = smaller_gram(x);
  std::vector<double> singular = symmetric_eigenvalues(gram.values, gram.rows);
  for (double& value : singular) value = std::sqrt(std::max(value, 0.0));
  const double sum = std::accumulate(singular.begin(), singular.end(), 0.0);
  if (sum == 0) return 0;
  double entropy = 0;
  for (const double value : singular) {
    if (value > 0) entropy -= value / sum * std::log(value / sum);
  }
  return std::exp(entropy);
}

/// Takes each column's mean off it. Returns the mean of the columns' standard deviations.
double centre(Matrix& x) {
  double deviations = 0;
  for (std::int64_t k = 0; k < x.columns; ++k) {
    double mean = 0, square = 0;
    for (std::int64_t i = 0; i < x.rows; ++i) mean += x.row(i)[k];
    mean /= static_cast<double>(x.rows);
    for (std::int64_t i = 0; i < x.rows; ++i) {
      x.row(i)[k] -= mean;
      square += x.row(i)[k] * x.row(i)[k];
    }
    deviations += std::sqrt(square / static_cast<double>(x.rows));
  }
  return deviations / static_cast<double>(x.columns);
}

/// (sum l)^2 / sum l^2 by the trace and the sum of squares of a matrix with these eigenvalues.
double participation_ratio(const Matrix& centred) {
  const Matrix gram = smaller_gram(centred);
  double trace = 0, squares = 0;
  for (std::int64_t i = 0; i < gram.rows; ++i) trace += gram.row(i)[i];
  for (const double value : gram.values) squares += value * value;
  return squares > 0 ? trace * trace / squares : 0;
}

double distance(const float* a, const float* b, std::int64_t count) {
  double sum = 0;
#pragma omp simd reduction(+ : sum)
  for (std::int64_t k = 0; k < count; ++k) sum += std::abs(static_cast<double>(a[k]) - static_cast<double>(b[k]));
  return sum;
}

/// The mean of d(i, i + apart) over all images, cyclically, and over `from` <= apart <= `to`.
double mean_distance(const Tensor& a, const Tensor& b, std::int64_t from, std::int64_t to) {
  const std::int64_t images = a.extent(0);
  const std::int64_t dimensions = a.extent(1);
  if (from > to) return 0;
  std::vector<double> sums(static_cast<std::size_t>(images), 0.0);
  parallel_for(images, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      for (std::int64_t apart = from; apart <= to; ++apart) {
        const std::int64_t j = (i + apart) % images;
        sums[static_cast<std::size_t>(i)] +=
            distance(a.data<const float>() + i * dimensions, b.data<const float>() + j * dimensions, dimensions);
      }
    }
  });
  return std::accumulate(sums.begin(), sums.end(), 0.0) / static_cast<double>(images * (to - from + 1));
}

}  // namespace

Health measure_embeddings(const Tensor& a, const Tensor& b) {
  check(a.shape().rank() == 2 && a.shape() == b.shape() && a.size() > 0, "health",
        "embeddings {} and {}; both views need the same (M, D)", to_string(a.shape()), to_string(b.shape()));
  const std::int64_t images = a.extent(0);
  Matrix x = widened(b);
  Health health{.dimensions = a.extent(1), .images = images};
  health.effective_rank = effective_rank(x);
  health.deviation = centre(x);
  health.participation = participation_ratio(x);
  health.positive_distance = mean_distance(a, b, 0, 0);
  health.negative_distance = mean_distance(a, b, 1, std::min(images - 1, most_negatives));
  return health;
}

void UnitActivity::show(const Tensor& outputs) {
  const std::int64_t rows = outputs.extent(0);
  const std::int64_t units = outputs.shape().row_size();
  const auto* all = outputs.data<const float>();
  if (rows_ == 0) {
    lowest_.assign(all, all + units);
    highest_ = lowest_;
    at_bound_.assign(static_cast<std::size_t>(units), 0);
  }
  check(static_cast<std::int64_t>(lowest_.size()) == units, "health", "{} units after {}", units, lowest_.size());
  float* const lowest = lowest_.data();
  float* const highest = highest_.data();
  std::int32_t* const at_bound = at_bound_.data();
  for (std::int64_t row = 0; row < rows; ++row) {
    const float* const output = all + row * units;
#pragma omp simd
    for (std::int64_t i = 0; i < units; ++i) {
      lowest[i] = std::min(lowest[i], output[i]);
      highest[i] = std::max(highest[i], output[i]);
      at_bound[i] += std::abs(output[i]) >= bound ? 1 : 0;
    }
  }
  rows_ += rows;
}

double UnitActivity::dead() const {
  std::int64_t dead = 0;
  for (std::size_t i = 0; i < lowest_.size(); ++i) dead += lowest_[i] == highest_[i] ? 1 : 0;
  return lowest_.empty() ? 0.0 : static_cast<double>(dead) / static_cast<double>(lowest_.size());
}

double UnitActivity::saturated() const {
  const auto saturated = std::ranges::count_if(at_bound_, [&](std::int32_t count) { return 10 * count >= 9 * rows_; });
  return at_bound_.empty() ? 0.0 : static_cast<double>(saturated) / static_cast<double>(at_bound_.size());
}

}  // namespace biossl
