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

constexpr std::int64_t rows_of_a_batch = 1000;
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
  BatchReader reader(table, std::min(rows_of_a_batch, rows.size()));
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
  Tensor values({std::min(rows_of_a_batch, rows.size()), count}, DType::float32, table.device());
  read(table, rows, [&](std::int64_t /*first*/, const FeatureBatch& batch) {
    Tensor some = values.rows(0, batch.numbers.size());
    ops::gathered_linear_forward(batch.values, batch.places, weights, bias, some);
    const Tensor host = on_device(some, Device::reference);
    const auto numbers = host.span<const float>();
    result.insert(result.end(), numbers.begin(), numbers.end());
  });
  return result;
}

/// Calls body(t) for each of `count` fits of `length` numbers. Each is computed by one thread, so no sum depends on
/// their number. Little work is not divided.
template <class Body>
void for_each_fit(std::size_t count, std::size_t length, const Body& body) {
  const std::size_t grain = std::max<std::size_t>(1, 16384 / std::max<std::size_t>(1, length));
  parallel_for(static_cast<std::int64_t>(count), static_cast<std::int64_t>(grain),
               [&](std::int64_t begin, std::int64_t end) {
                 for (std::int64_t t = begin; t < end; ++t) body(static_cast<std::size_t>(t));
               });
}

/// The inner products of the `count` columns of two matrices.
std::vector<double> column_products(const std::vector<double>& a, const std::vector<double>& b, std::size_t count) {
  std::vector<double> products(count, 0.0);
  for (std::size_t row = 0; row < a.size(); row += count) {
    for (std::size_t t = 0; t < count; ++t) products[t] += a[row + t] * b[row + t];
  }
  return products;
}

/// The inner products of their `count` rows.
std::vector<double> row_products(const std::vector<double>& a, const std::vector<double>& b, std::size_t count) {
  std::vector<double> products(count, 0.0);
  const std::size_t length = a.size() / count;
  for_each_fit(count, length, [&](std::size_t t) {
    double sum = 0;
    for (std::size_t i = t * length; i < (t + 1) * length; ++i) sum += a[i] * b[i];
    products[t] = sum;
  });
  return products;
}

/// Adds factors[t] times column t.
void add_columns(std::vector<double>& to, const std::vector<double>& columns, const std::vector<double>& factors) {
  for (std::size_t row = 0; row < to.size(); row += factors.size()) {
    for (std::size_t t = 0; t < factors.size(); ++t) to[row + t] += factors[t] * columns[row + t];
  }
}

/// Adds factors[t] times row t.
void add_rows(std::vector<double>& to, const std::vector<double>& rows, const std::vector<double>& factors) {
  const std::size_t length = to.size() / factors.size();
  for_each_fit(factors.size(), length, [&](std::size_t t) {
    for (std::size_t i = t * length; i < (t + 1) * length; ++i) to[i] += factors[t] * rows[i];
  });
}

/// to = factors[t] to + others[t] from, for each row t.
void combine_rows(std::vector<double>& to, const std::vector<double>& factors, const std::vector<double>& from,
                  const std::vector<double>& others) {
  const std::size_t length = to.size() / factors.size();
  for_each_fit(factors.size(), length, [&](std::size_t t) {
    for (std::size_t i = t * length; i < (t + 1) * length; ++i) to[i] = others[t] * from[i] + factors[t] * to[i];
  });
}

/// The mean of each of `count` columns.
std::vector<double> column_means(const std::vector<double>& values, std::size_t count) {
  std::vector<double> means(count, 0.0);
  for (std::size_t i = 0; i < values.size(); ++i) means[i % count] += values[i];
  const std::size_t rows = values.size() / count;
  for (double& mean : means) mean /= static_cast<double>(rows);
  return means;
}

}  // namespace

std::vector<double> predict(const LinearFits& fits, const FeatureTable& table, const Tensor& rows) {
  return products(table, rows, fits.weights, fits.offsets);
}

Ridge::Ridge(FeatureTable table, Tensor rows) : table_(std::move(table)), rows_(std::move(rows)) {
  const std::int64_t features = table_.extent(1);
  std::vector<double> squares(static_cast<std::size_t>(features), 0.0);
  mean_.assign(static_cast<std::size_t>(features), 0.0);
  Tensor gathered({std::min(rows_of_a_batch, rows_.size()), features}, table_.dtype(), table_.device());
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

std::vector<double> Ridge::forward(const std::vector<double>& directions) {
  std::vector<double> offsets(directions.size() / mean_.size(), 0.0);
  for_each_fit(offsets.size(), mean_.size(), [&](std::size_t t) {
    for (std::size_t k = 0; k < mean_.size(); ++k) offsets[t] -= directions[t * mean_.size() + k] * mean_[k];
  });
  return products(table_, rows_, directions, offsets);
}

std::vector<double> Ridge::backward(const std::vector<double>& residuals) {
  const std::int64_t features = table_.extent(1);
  const std::int64_t count = static_cast<std::int64_t>(residuals.size()) / rows_.size();
  const auto fits = static_cast<std::size_t>(count);
  const std::size_t width = mean_.size();
  Tensor update({count, features}, DType::float32, table_.device());
  Tensor bias({count}, DType::float32, table_.device());
  const Tensor errors = narrowed(residuals, rows_.size(), count, table_.device());
  std::vector<double> sums(fits * width, 0.0);
  read(table_, rows_, [&](std::int64_t first, const FeatureBatch& batch) {
    const Tensor some = errors.rows(first, first + batch.numbers.size());
    ops::gathered_linear_backward_weights(batch.values, batch.places, some, update, bias);
    const Tensor host = on_device(update, Device::reference);
    const auto* numbers = host.data<const float>();
    for_each_fit(fits, width, [&](std::size_t t) {
      for (std::size_t i = t * width; i < (t + 1) * width; ++i) sums[i] += numbers[i];
    });
  });
  std::vector<double> totals(fits, 0.0);
  for (std::size_t i = 0; i < residuals.size(); ++i) totals[i % fits] += residuals[i];
  for_each_fit(fits, width, [&](std::size_t t) {
    for (std::size_t k = 0; k < width; ++k) sums[t * width + k] -= totals[t] * mean_[k];
  });
  return sums;
}

/// Conjugate gradients for T fits side by side.
struct Ridge::ConjugateGradients {
  std::vector<double> lambda;                         ///< (T)
  std::vector<double> residuals;                      ///< (N, T)
  std::vector<double> weights;                        ///< (T, F)
  std::vector<double> negative_gradient = {};         ///< (T, F)
  std::vector<double> direction = {};                 ///< (T, F)
  std::vector<double> initial_squares = {};           ///< (T), sum of squares at the start
  std::vector<double> initial_gradient_squares = {};  ///< (T), squared length of the gradient at the start
  std::vector<double> gradient_squares = {};          ///< (T), the same now
  std::vector<double> alpha = {};  ///< (T), how far the last step went along its direction; 0: the fit is done
  std::vector<double> beta = {};   ///< (T), the share of the last direction in the present one

  std::size_t count() const { return lambda.size(); }
  bool is_done() const {
    return std::ranges::all_of(alpha, [](double length) { return length == 0; });
  }
};

/// Fits of the same targets under penalties that are larger by `shift`. Their gradients are zeta times those of the
/// smallest penalty, because all span the same Krylov spaces, so they need no passes of their own (Jegerlehner 1996).
struct Ridge::Shifted {
  Shifted(const ConjugateGradients& smallest, double by)
      : shift(by),
        zeta(smallest.count(), 1.0),
        ratio(smallest.count(), 1.0),
        weights(smallest.weights),
        direction(smallest.direction) {}

  /// The step that belongs to the last one of `now`, before which alpha was `previous_alpha`.
  void apply_step(const std::vector<double>& previous_alpha, const ConjugateGradients& now);
  /// To the one that belongs to the direction of `now`.
  void update_direction(const ConjugateGradients& now);

  double shift;
  std::vector<double> zeta, ratio;  ///< (T), the second: zeta over the one before
  std::vector<double> weights, direction;
};

void Ridge::Shifted::apply_step(const std::vector<double>& previous_alpha, const ConjugateGradients& now) {
  std::vector<double> steps(now.count(), 0.0);
  for (std::size_t t = 0; t < now.count(); ++t) {
    if (now.alpha[t] == 0) continue;
    const double earlier =
        previous_alpha[t] != 0 ? now.alpha[t] * now.beta[t] / previous_alpha[t] * (1 - ratio[t]) : 0.0;
    ratio[t] = 1 / (1 + shift * now.alpha[t] + earlier);
    zeta[t] *= ratio[t];
    steps[t] = now.alpha[t] * ratio[t];
  }
  add_rows(weights, direction, steps);
}

void Ridge::Shifted::update_direction(const ConjugateGradients& now) {
  std::vector<double> beta = now.beta;
  for (std::size_t t = 0; t < beta.size(); ++t) beta[t] *= ratio[t] * ratio[t];
  combine_rows(direction, beta, now.negative_gradient, zeta);
}

Ridge::ConjugateGradients Ridge::start(const std::vector<double>& targets, const std::vector<double>& means,
                                       const std::vector<double>& penalties) {
  const std::size_t count = penalties.size();
  check(targets.size() == count * static_cast<std::size_t>(rows_.size()), "ridge", "{} targets of {} for {} rows",
        targets.size(), count, rows_.size());
  ConjugateGradients now{
      .lambda = penalties, .residuals = targets, .weights = std::vector<double>(count * mean_.size(), 0.0)};
  for (double& value : now.lambda) value *= spread_;
  for (std::size_t i = 0; i < targets.size(); ++i) now.residuals[i] -= means[i % count];
  now.negative_gradient = backward(now.residuals);
  now.direction = now.negative_gradient;
  now.initial_squares = column_products(now.residuals, now.residuals, count);
  now.initial_gradient_squares = now.gradient_squares =
      row_products(now.negative_gradient, now.negative_gradient, count);
  now.alpha = now.beta = std::vector<double>(count, 0.0);
  return now;
}

/// The step is to the minimum along the direction as it was computed, so that rounding never makes the sum of squares
/// rise.
void Ridge::step_along_direction(ConjugateGradients& now, bool first) {
  const std::size_t count = now.count();
  const std::vector<double> change = forward(now.direction);
  const std::vector<double> change_squares = column_products(change, change, count);
  const std::vector<double> residual_products = column_products(now.residuals, change, count);
  const std::vector<double> direction_squares = row_products(now.direction, now.direction, count);
  const std::vector<double> weight_products = row_products(now.weights, now.direction, count);
  std::vector<double> negative_alpha(count, 0.0);
  for (std::size_t t = 0; t < count; ++t) {
    const double curvature = change_squares[t] + now.lambda[t] * direction_squares[t];
    const double slope = residual_products[t] - now.lambda[t] * weight_products[t];
    const bool done =
        (!first && now.alpha[t] == 0) || curvature <= 0 ||
        slope * slope / curvature <= smallest_fall * now.initial_squares[t] ||
        now.gradient_squares[t] <= smallest_gradient * smallest_gradient * now.initial_gradient_squares[t];
    now.alpha[t] = done ? 0.0 : slope / curvature;
    negative_alpha[t] = -now.alpha[t];
  }
  add_rows(now.weights, now.direction, now.alpha);
  add_columns(now.residuals, change, negative_alpha);
}

void Ridge::update_direction(ConjugateGradients& now) {
  const std::size_t count = now.count();
  const std::vector<double> before = std::exchange(now.negative_gradient, backward(now.residuals));
  std::vector<double> decay = now.lambda;
  for (double& value : decay) value = -value;
  add_rows(now.negative_gradient, now.weights, decay);
  const std::vector<double> overlap = row_products(now.negative_gradient, before, count);
  const std::vector<double> last =
      std::exchange(now.gradient_squares, row_products(now.negative_gradient, now.negative_gradient, count));
  for (std::size_t t = 0; t < count; ++t) {
    now.beta[t] = last[t] > 0 ? std::max((now.gradient_squares[t] - overlap[t]) / last[t], 0.0) : 0.0;
  }
  combine_rows(now.direction, now.beta, now.negative_gradient, std::vector<double>(count, 1.0));
}

void Ridge::solve(ConjugateGradients& now, std::span<Shifted> shifted, const Step& step) {
  for (std::int64_t number = 1; number <= most_steps; ++number) {
    const std::vector<double> previous_alpha = now.alpha;
    step_along_direction(now, number == 1);
    if (now.is_done()) return;
    for (Shifted& others : shifted) others.apply_step(previous_alpha, now);
    update_direction(now);
    for (Shifted& others : shifted) others.update_direction(now);
    if (step) step(number);
  }
}

/// Appends fits whose targets have these means.
void Ridge::append(LinearFits& fits, const std::vector<double>& weights, const std::vector<double>& means) const {
  fits.weights.insert(fits.weights.end(), weights.begin(), weights.end());
  for (std::size_t t = 0; t < means.size(); ++t) {
    double offset = means[t];
    for (std::size_t k = 0; k < mean_.size(); ++k) offset -= weights[t * mean_.size() + k] * mean_[k];
    fits.offsets.push_back(offset);
  }
}

LinearFits Ridge::fit(const std::vector<double>& targets, const std::vector<double>& penalties, const Step& step) {
  const std::vector<double> means = column_means(targets, penalties.size());
  ConjugateGradients now = start(targets, means, penalties);
  solve(now, {}, step);
  LinearFits fits;
  append(fits, now.weights, means);
  return fits;
}

LinearFits Ridge::fit_each(const std::vector<double>& targets, std::size_t count, std::span<const double> penalties,
                           const Step& step) {
  check(!penalties.empty() && std::ranges::is_sorted(penalties), "ridge", "the penalties must rise");
  const std::vector<double> means = column_means(targets, count);
  ConjugateGradients now = start(targets, means, std::vector<double>(count, penalties.front()));
  std::vector<Shifted> shifted;
  for (const double penalty : penalties.subspan(1)) shifted.emplace_back(now, (penalty - penalties.front()) * spread_);
  solve(now, shifted, step);
  LinearFits fits;
  append(fits, now.weights, means);
  for (const Shifted& others : shifted) append(fits, others.weights, means);
  return fits;
}

}  // namespace biossl
