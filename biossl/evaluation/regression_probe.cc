#include "biossl/evaluation/regression_probe.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "biossl/core/error.h"
#include "biossl/evaluation/ridge.h"

namespace biossl {
namespace {

constexpr std::array penalties{1e-4, 1e-3, 1e-2, 1e-1, 1.0, 10.0};
constexpr std::int64_t held_out = 10;  // every tenth training image

Tensor numbers_of(const std::vector<std::int32_t>& rows, Device device) {
  Tensor host({static_cast<std::int64_t>(rows.size())}, DType::int32, Device::reference);
  std::ranges::copy(rows, host.data<std::int32_t>());
  return on_device(host, device);
}

/// The targets of chosen images, (rows, T).
std::vector<double> targets_of(const Targets& targets, const std::vector<std::int32_t>& rows) {
  const std::size_t count = targets.names.size();
  std::vector<double> chosen;
  for (const std::int32_t row : rows) {
    const auto from = targets.values.begin() + static_cast<std::ptrdiff_t>(count) * row;
    chosen.insert(chosen.end(), from, from + static_cast<std::ptrdiff_t>(count));
  }
  return chosen;
}

/// Each row of targets (N, T) once for every penalty.
std::vector<double> repeated(const std::vector<double>& targets, std::size_t count) {
  std::vector<double> columns;
  columns.reserve(targets.size() * penalties.size());
  for (auto row = targets.begin(); row != targets.end(); row += static_cast<std::ptrdiff_t>(count)) {
    for (std::size_t i = 0; i < penalties.size(); ++i) {
      columns.insert(columns.end(), row, row + static_cast<std::ptrdiff_t>(count));
    }
  }
  return columns;
}

/// The sum of the squared errors of each target; predicted and targets (N, T).
std::vector<double> squared_errors(const std::vector<double>& predicted, const std::vector<double>& targets,
                                   std::size_t count) {
  std::vector<double> missed(count, 0.0);
  for (std::size_t i = 0; i < targets.size(); ++i) {
    missed[i % count] += (targets[i] - predicted[i]) * (targets[i] - predicted[i]);
  }
  return missed;
}

/// R^2 of each target; predicted and targets (N, T).
std::vector<double> r_squared(const std::vector<double>& predicted, const std::vector<double>& targets,
                              std::size_t count) {
  const std::vector<double> missed = squared_errors(predicted, targets, count);
  std::vector<double> means(count, 0.0), spread(count, 0.0);
  const auto images = static_cast<double>(targets.size()) / static_cast<double>(count);
  for (std::size_t i = 0; i < targets.size(); ++i) means[i % count] += targets[i] / images;
  for (std::size_t i = 0; i < targets.size(); ++i) {
    const std::size_t t = i % count;
    spread[t] += (targets[i] - means[t]) * (targets[i] - means[t]);
  }
  std::vector<double> result(count, 0.0);
  for (std::size_t t = 0; t < count; ++t) {
    if (spread[t] > 0) result[t] = 1 - missed[t] / spread[t];
  }
  return result;
}

void check_match(const Features& features, const Targets& targets, std::string_view what) {
  check(!targets.names.empty(), "regression", "there are no targets of the {} images", what);
  check(features.values.extent(0) > 0 &&
            targets.values.size() == targets.names.size() * static_cast<std::size_t>(features.values.extent(0)),
        "regression", "{} numbers are no {} targets of {} {} images", targets.values.size(), targets.names.size(),
        features.values.extent(0), what);
}

/// The penalty that serves each target best on every tenth image when the others are learnt from. Of fewer than ten
/// images the last one is held out.
std::vector<double> choose_penalties(const FeatureTable& table, const Targets& targets, const Ridge::Step& step) {
  std::vector<std::int32_t> learnt, held;
  const std::int64_t every = std::min(held_out, table.extent(0));
  for (std::int32_t row = 0; row < table.extent(0); ++row) {
    (row % every == every - 1 ? held : learnt).push_back(row);
  }
  const std::size_t count = targets.names.size();
  std::vector<double> chosen(count, penalties.front()), least(count, 0.0);
  if (learnt.empty()) return chosen;
  Ridge ridge(table, numbers_of(learnt, table.device()));
  const LinearFits fits = ridge.fit_each(targets_of(targets, learnt), count, penalties, step);
  const std::vector<double> missed =
      squared_errors(predict(fits, table, numbers_of(held, table.device())), repeated(targets_of(targets, held), count),
                     penalties.size() * count);
  for (std::size_t i = 0; i < missed.size(); ++i) {
    const std::size_t t = i % count;
    if (i >= count && missed[i] >= least[t]) continue;
    least[t] = missed[i];
    chosen[t] = penalties[i / count];
  }
  return chosen;
}

}  // namespace

std::vector<TargetResult> regression_probe(const ProbeFeatures& features, const Targets& train, const Targets& test,
                                           const Progress& progress) {
  check_match(features.train, train, "training");
  check_match(features.test, test, "test");
  check(train.names == test.names, "regression", "training and test images have other targets");
  const std::int64_t total = 2 * Ridge::most_steps;
  const auto step_from = [&](std::int64_t first) {
    return [&, first](std::int64_t done) {
      if (progress) progress(std::min(first + done, total - 1), total, "");
    };
  };
  const FeatureTable& table = features.train.values;
  const std::vector<double> chosen = choose_penalties(table, train, step_from(0));
  Ridge ridge(table, iota(table.extent(0), table.device()));
  const LinearFits fits = ridge.fit({train.values.begin(), train.values.end()}, chosen, step_from(Ridge::most_steps));
  const FeatureTable& tested = features.test.values;
  const std::vector<double> predicted = predict(fits, tested, iota(tested.extent(0), tested.device()));
  if (!std::ranges::all_of(predicted, [](double value) { return std::isfinite(value); })) {
    throw FeaturesNotFinite("the features of the test images hold NaN or infinite numbers");
  }
  const auto read = r_squared(predicted, {test.values.begin(), test.values.end()}, test.names.size());
  if (progress) progress(total, total, "");
  std::vector<TargetResult> results;
  for (std::size_t t = 0; t < train.names.size(); ++t) {
    results.push_back({.name = train.names[t], .r_squared = read[t], .penalty = chosen[t]});
  }
  return results;
}

}  // namespace biossl
