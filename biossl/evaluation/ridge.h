#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "biossl/evaluation/feature_table.h"

namespace biossl {

/// T linear functions of F features: value t of a row x is offset[t] + <weights[t], x>.
struct LinearFits {
  std::int64_t features = 0;
  std::vector<double> weights;  ///< (T, F)
  std::vector<double> offsets;  ///< (T)

  std::int64_t count() const { return static_cast<std::int64_t>(offsets.size()); }
};

/// The values of T fits for chosen rows of a table, (rows, T), in their order.
std::vector<double> predict(const LinearFits& fits, const FeatureTable& table, const Tensor& rows);

/// Ridge regression on chosen rows of a table (regression_probe.h says how).
class Ridge {
 public:
  /// rows (N) int32 on the table's device. Reads them once for mean and spread. Throws FeaturesNotFinite.
  Ridge(FeatureTable table, Tensor rows);

  /// targets (N, T); penalties (T), above 0. `pass` is called after each pass over the rows with its number; null:
  /// nobody.
  LinearFits fit(const std::vector<double>& targets, const std::vector<double>& penalties,
                 const std::function<void(std::int64_t)>& pass = {});
  static constexpr std::int64_t most_passes = 300;

 private:
  /// The products of the centred rows with T directions (T, F): (N, T).
  std::vector<double> forward(const std::vector<double>& directions, std::int64_t count);
  /// The sums over the centred rows, weighted by residuals (N, T): (T, F).
  std::vector<double> backward(const std::vector<double>& residuals, std::int64_t count);

  FeatureTable table_;
  Tensor rows_;
  std::vector<double> mean_;  // of each feature
  double spread_ = 0;         // s
};

}  // namespace biossl
