#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "biossl/backend/backend.h"
#include "biossl/backend/cpu/exponential.h"
#include "biossl/backend/cpu/matrix_product.h"
#include "biossl/backend/cpu/vectors.h"
#include "biossl/core/parallel.h"

namespace biossl::cpu::BIOSSL_LEVEL {
namespace {

constexpr float minus_infinity = -std::numeric_limits<float>::infinity();

/// The softmax sums of each row; kept between calls, so that the memory only grows.
struct Softmax {
  std::vector<double> losses;
  std::vector<float> log_sums;
  std::vector<float> missed;  // 1 - the partner's share, computed without cancellation

  void resize(std::size_t rows) {
    losses.resize(rows);
    log_sums.resize(rows);
    missed.resize(rows);
  }
};

std::int64_t partner_of(std::int64_t row, std::int64_t rows) { return (row + rows / 2) % rows; }

/// Divides one row of cosines by the temperature and sums it without the row itself and its partner.
void compare(std::int64_t row, std::int64_t rows, float scale, float* __restrict values, Softmax& softmax) {
  const float partner = scale * values[partner_of(row, rows)];
  values[row] = minus_infinity;
  values[partner_of(row, rows)] = minus_infinity;
  float largest = partner;
#pragma omp simd reduction(max : largest)
  for (std::int64_t k = 0; k < rows; ++k) {
    values[k] *= scale;
    largest = std::max(largest, values[k]);
  }
  float sum = 0.0F;
#pragma omp simd reduction(+ : sum)
  for (std::int64_t k = 0; k < rows; ++k) sum += exponential(values[k] - largest);
  // In double: for a very near partner, the loss is the small part that the others add to 1.
  const double others = static_cast<double>(sum);
  const double whole = static_cast<double>(exponential(partner - largest)) + others;
  const auto index = static_cast<std::size_t>(row);
  softmax.losses[index] = std::log(whole) + static_cast<double>(largest - partner);
  softmax.log_sums[index] = static_cast<float>(std::log(whole)) + largest;
  softmax.missed[index] = static_cast<float>(others / whole);
}

/// Replaces the row by the derivatives by its cosines: through its own cross-entropy and through those of the other
/// rows.
void derive(std::int64_t row, std::int64_t rows, float share, const Softmax& softmax, float* __restrict values) {
  const float* __restrict log_sums = softmax.log_sums.data();
  const float own = log_sums[row];
#pragma omp simd
  for (std::int64_t k = 0; k < rows; ++k) {
    values[k] = share * (exponential(values[k] - own) + exponential(values[k] - log_sums[k]));
  }
  const std::int64_t partner = partner_of(row, rows);
  const float* missed = softmax.missed.data();
  values[partner] = -share * (missed[row] + missed[partner]);
}

}  // namespace

void nt_xent(const Tensor& unit, double temperature, Tensor& scratch, Tensor& d_unit, Tensor& totals) {
  const std::int64_t rows = unit.extent(0);
  const double pairs = static_cast<double>(rows) / 2;  // rows are even
  float* cosines = scratch.data<float>();
  thread_local Softmax kept;
  Softmax& softmax = kept;  // of this thread; the other threads work on it too
  softmax.resize(static_cast<std::size_t>(rows));
  matrix_product(unit, As::it_is, unit, As::transposed, scratch);
  parallel_for(rows, 1, [&](std::int64_t begin, std::int64_t end) {
    const auto scale = static_cast<float>(1.0 / temperature);
    for (std::int64_t row = begin; row < end; ++row) compare(row, rows, scale, cosines + row * rows, softmax);
  });
  parallel_for(rows, 1, [&](std::int64_t begin, std::int64_t end) {
    const auto share = static_cast<float>(1.0 / (pairs * temperature));
    for (std::int64_t row = begin; row < end; ++row) derive(row, rows, share, softmax, cosines + row * rows);
  });
  matrix_product(scratch, As::it_is, unit, As::it_is, d_unit);
  totals.data<double>()[0] += std::accumulate(softmax.losses.begin(), softmax.losses.end(), 0.0) / pairs;
  totals.data<double>()[1] += static_cast<double>(count_nonzero_rows(d_unit.rows(rows / 2, rows)));
}

}  // namespace biossl::cpu::BIOSSL_LEVEL
