#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "biossl/evaluation/feature_table.h"

namespace biossl {

/// T linear functions of F features: value t of a row x is offset[t] + <weights[t], x>.
struct LinearFits {
  std::vector<double> weights;  ///< (T, F)
  std::vector<double> offsets;  ///< (T)
};

/// The values of T fits for chosen rows of a table, (rows, T), in their order.
std::vector<double> predict(const LinearFits& fits, const FeatureTable& table, const Tensor& rows);

/// Ridge regression on chosen rows of a table (regression_probe.h says how).
class Ridge {
 public:
  /// rows (N) int32 on the table's device. Reads them once for mean and spread. Throws FeaturesNotFinite.
  Ridge(FeatureTable table, Tensor rows);

  /// Called after each step, which reads the rows twice, with its number; null: nobody.
  using Step = std::function<void(std::int64_t)>;
  static constexpr std::int64_t most_steps = 300;
  /// targets (N, T); penalties (T), above 0.
  LinearFits fit(const std::vector<double>& targets, const std::vector<double>& penalties, const Step& step = {});
  /// Each target under each of P rising penalties: P T fits, those of the smallest penalty first, from the steps that
  /// the smallest one needs. Rounding counts a little more than in `fit`: enough to choose a penalty.
  LinearFits fit_each(const std::vector<double>& targets, std::size_t count, std::span<const double> penalties,
                      const Step& step = {});

 private:
  struct ConjugateGradients;
  struct Shifted;

  /// The products of the centred rows with T directions (T, F): (N, T).
  std::vector<double> forward(const std::vector<double>& directions);
  /// The sums over the centred rows, weighted by residuals (N, T): (T, F).
  std::vector<double> backward(const std::vector<double>& residuals);
  /// All weights 0.
  ConjugateGradients start(const std::vector<double>& targets, const std::vector<double>& means,
                           const std::vector<double>& penalties);
  void step_along_direction(ConjugateGradients& now, bool first);
  /// The gradients where the weights are now, and the next directions.
  void update_direction(ConjugateGradients& now);
  void solve(ConjugateGradients& now, std::span<Shifted> shifted, const Step& step);
  void append(LinearFits& fits, const std::vector<double>& weights, const std::vector<double>& means) const;

  FeatureTable table_;
  Tensor rows_;
  std::vector<double> mean_;  // of each feature
  double spread_ = 0;         // s
};

}  // namespace biossl
