#include "biossl/evaluation/ridge.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "biossl/core/error.h"
#include "biossl/core/parallel.h"
#include "biossl/evaluation/linear_probe.h"
#include "biossl/ops/ops.h"

namespace biossl {
namespace {

constexpr std::int64_t rows_at_a_time = 1000;
constexpr double smallest_gradient = 1e-6;  // of the start
constexpr double smallest_fall = 1e-14;     // of the sum of squares, in one step

Tensor narrowed(const std::vector<double>& values, std::int64_t rows, std::int64_t columns, Device device) {
  Tensor host({rows, columns}, DType::float32, Device::reference);
  std::ranges::transform(values, host.data<float>(), [](double value) { return static_cast<float>(value); });
  return on_device(host, device);
}

/// Calls take(first, batch) for chosen rows of a table, in their order.
template <class Take>
void read(const FeatureTable& table, const Tensor& rows, const Take& take) {
  std::int64_t first = 0;
  BatchReader reader(table, std::min(rows_at_a_time, rows.size()));
  reader.read(rows, [&](const FeatureBatch& batch) {
    take(first, batch);
    first += batch.numbers.size();
  });
}

/// offsets[t] + <directions[t], row> for chosen rows, (rows, T).
std::vector<double> products(const FeatureTable& table, const Tensor& rows, const std::vector<double>& directions,
                             const std::vector<double>& offsets) {
  const auto count = static_cast<std::int64_t>(offsets.size());
  const Tensor weights = narrowed(directions, count, table.extent(1), table.device());
  const Tensor bias = narrowed(offsets, 1, count, table.device()).reshaped({count});
  std::vector<double> result;
  result.reserve(static_cast<std::size_t>(rows.size() * count));
  Tensor values({std::min(rows_at_a_time, rows.size()), count}, DType::float32, table.device());
  read(table, rows, [&](std::int64_t /*first*/, const FeatureBatch& batch) {
    Tensor some = values.rows(0, batch.numbers.size());
    ops::gathered_linear_forward(batch.values, batch.places, weights, bias, some);
    const Tensor host = on_device(some, Device::reference);
    const auto numbers = host.span<const float>();
    result.insert(result.end(), numbers.begin(), numbers.end());
  });
  return result;
}

/// The inner products of the `count` columns of two matrices, row by row.
std::vector<double> column_products(const std::vector<double>& a, const std::vector<double>& b, std::size_t count) {
  std::vector<double> products(count, 0.0);
  for (std::size_t i = 0; i < a.size(); ++i) products[i % count] += a[i] * b[i];
  return products;
}

/// The inner products of their `count` rows.
std::vector<double> row_products(const std::vector<double>& a, const std::vector<double>& b, std::size_t count) {
  std::vector<double> products(count, 0.0);
  const std::size_t length = a.size() / count;
  for (std::size_t i = 0; i < a.size(); ++i) products[i / length] += a[i] * b[i];
  return products;
}

}  // namespace

std::vector<double> predict(const LinearFits& fits, const FeatureTable& table, const Tensor& rows) {
  return products(table, rows, fits.weights, fits.offsets);
}

Ridge::Ridge(FeatureTable table, Tensor rows) : table_(std::move(table)), rows_(std::move(rows)) {
  const std::int64_t features = table_.extent(1);
  std::vector<double> squares(static_cast<std::size_t>(features), 0.0);
  mean_.assign(static_cast<std::size_t>(features), 0.0);
  Tensor gathered({std::min(rows_at_a_time, rows_.size()), features}, table_.dtype(), table_.device());
  Tensor wide(gathered.shape(), DType::float32, table_.device());
  read(table_, rows_, [&](std::int64_t /*first*/, const FeatureBatch& batch) {
    Tensor some = gathered.rows(0, batch.numbers.size());
    Tensor numbers = wide.rows(0, some.extent(0));
    ops::gather_rows(batch.values, batch.places, some);
    ops::convert(some, numbers);
    const Tensor host = on_device(numbers, Device::reference);
    const auto* all = host.data<const float>();
    parallel_for(features, 64, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t n = 0; n < host.extent(0); ++n) {
        const float* const row = all + n * features;
        for (std::int64_t k = begin; k < end; ++k) {
          mean_[static_cast<std::size_t>(k)] += row[k];
          squares[static_cast<std::size_t>(k)] += static_cast<double>(row[k]) * row[k];
        }
      }
    });
  });
  const auto count = static_cast<double>(rows_.size());
  double total = 0;
  for (std::size_t k = 0; k < mean_.size(); ++k) {
    mean_[k] /= count;
    total += std::max(squares[k] - count * mean_[k] * mean_[k], 0.0);
  }
  if (!std::isfinite(total)) throw FeaturesNotFinite("the features hold NaN or infinite numbers");
  spread_ = total / static_cast<double>(std::min(rows_.size(), features));
}

std::vector<double> Ridge::forward(const std::vector<double>& directions, std::int64_t count) {
  std::vector<double> offsets(static_cast<std::size_t>(count), 0.0);
  const std::size_t features = mean_.size();
  for (std::size_t i = 0; i < directions.size(); ++i) offsets[i / features] -= directions[i] * mean_[i % features];
  return products(table_, rows_, directions, offsets);
}

std::vector<double> Ridge::backward(const std::vector<double>& residuals, std::int64_t count) {
  const std::int64_t features = table_.extent(1);
  Tensor update({count, features}, DType::float32, table_.device());
  Tensor bias({count}, DType::float32, table_.device());
  const Tensor errors = narrowed(residuals, rows_.size(), count, table_.device());
  std::vector<double> sums(static_cast<std::size_t>(count * features), 0.0);
  read(table_, rows_, [&](std::int64_t first, const FeatureBatch& batch) {
    const Tensor some = errors.rows(first, first + batch.numbers.size());
    ops::gathered_linear_backward_weights(batch.values, batch.places, some, update, bias);
    const Tensor host = on_device(update, Device::reference);
    const auto* numbers = host.data<const float>();
    for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += numbers[i];
  });
  std::vector<double> totals(static_cast<std::size_t>(count), 0.0);
  for (std::size_t i = 0; i < residuals.size(); ++i) totals[i % totals.size()] += residuals[i];
  const std::size_t width = mean_.size();
  for (std::size_t i = 0; i < sums.size(); ++i) sums[i] -= totals[i / width] * mean_[i % width];
  return sums;
}

LinearFits Ridge::fit(const std::vector<double>& targets, const std::vector<double>& penalties,
                      const std::function<void(std::int64_t)>& pass) {
  const std::size_t count = penalties.size();
  const std::size_t features = mean_.size();
  check(targets.size() == count * static_cast<std::size_t>(rows_.size()), "ridge", "{} targets of {} for {} rows",
        targets.size(), count, rows_.size());
  std::vector<double> means(count, 0.0);
  for (std::size_t i = 0; i < targets.size(); ++i) means[i % count] += targets[i];
  for (double& mean : means) mean /= static_cast<double>(rows_.size());
  std::vector<double> residuals = targets;
  for (std::size_t i = 0; i < residuals.size(); ++i) residuals[i] -= means[i % count];

  LinearFits fits{
      .features = table_.extent(1), .weights = std::vector<double>(count * features, 0.0), .offsets = means};
  std::vector<double>& w = fits.weights;
  std::vector<double> lambda = penalties;
  for (double& value : lambda) value *= spread_;
  const auto columns = static_cast<std::int64_t>(count);
  std::vector<double> downhill = backward(residuals, columns);  // the negative gradient
  std::vector<double> direction = downhill;
  const std::vector<double> total = column_products(residuals, residuals, count);
  const std::vector<double> start = row_products(downhill, downhill, count);
  std::vector<double> slope = start;
  std::vector<bool> done(count, false);
  for (std::int64_t passes = 1; passes <= most_passes; ++passes) {
    const std::vector<double> change = forward(direction, columns);
    const std::vector<double> curved = column_products(change, change, count);
    const std::vector<double> along = column_products(residuals, change, count);
    const std::vector<double> length = row_products(direction, direction, count);
    const std::vector<double> grown = row_products(w, direction, count);
    std::vector<double> step(count, 0.0);
    for (std::size_t t = 0; t < count; ++t) {
      // The minimum along the direction as it was computed, so that rounding never makes the sum of squares rise.
      const double curvature = curved[t] + lambda[t] * length[t];
      const double fall = along[t] - lambda[t] * grown[t];
      done[t] = done[t] || curvature <= 0 || fall * fall / curvature <= smallest_fall * total[t] ||
                slope[t] <= smallest_gradient * smallest_gradient * start[t];
      if (!done[t]) step[t] = fall / curvature;
    }
    if (std::ranges::all_of(done, [](bool one) { return one; })) break;
    for (std::size_t i = 0; i < w.size(); ++i) w[i] += step[i / features] * direction[i];
    for (std::size_t i = 0; i < residuals.size(); ++i) residuals[i] -= step[i % count] * change[i];
    const std::vector<double> before = std::exchange(downhill, backward(residuals, columns));
    for (std::size_t i = 0; i < w.size(); ++i) downhill[i] -= lambda[i / features] * w[i];
    const std::vector<double> overlap = row_products(downhill, before, count);
    const std::vector<double> last = std::exchange(slope, row_products(downhill, downhill, count));
    for (std::size_t i = 0; i < w.size(); ++i) {
      const std::size_t t = i / features;
      const double kept = last[t] > 0 ? std::max((slope[t] - overlap[t]) / last[t], 0.0) : 0.0;
      direction[i] = downhill[i] + kept * direction[i];
    }
    if (pass) pass(passes);
  }
  for (std::size_t i = 0; i < w.size(); ++i) fits.offsets[i / features] -= w[i] * mean_[i % features];
  return fits;
}

}  // namespace biossl
