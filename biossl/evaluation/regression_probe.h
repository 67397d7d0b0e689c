#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "biossl/core/progress.h"
#include "biossl/data/dataset.h"
#include "biossl/evaluation/linear_probe.h"

namespace biossl {

/// What a regression probe reads off for one target.
struct TargetResult {
  std::string name;
  double r_squared = 0;  ///< on the test images; 1: exact, 0: no better than their mean; may be negative
  double penalty = 0;    ///< the chosen one
};

/// A linear least-squares fit of each target on frozen features, with a ridge penalty and an intercept:
///   min_w,c  sum_i (y_i - c - <w, x_i>)^2 + lambda |w|^2,   lambda = penalty * s,
/// s the sum of squares of the centred features divided by min(N, F), their mean squared singular value. Each target's
/// penalty is the one of 1e-4, 1e-3, ... 10 that fits every tenth training image (of fewer than ten, the last one) best
/// when the others are learnt from; the fit that is tested learns from all. The minimum is approached by conjugate
/// gradients on the normal equations (Hestenes & Stiefel 1952; Polak & Ribiere 1969), for all targets side by side,
/// until the gradient has fallen to 1e-6 of its start or a step gains nothing, in 300 steps at most, each of which
/// reads the features twice. The penalties share the steps of the smallest one (shifted systems; Jegerlehner 1996).
/// Unlike Adam it has no step size or number of epochs to choose, and unlike a closed form it needs no F x F matrix, so
/// features may be in a scratch file.
///   R^2 = 1 - sum_i (y_i - yhat_i)^2 / sum_i (y_i - mean y)^2 over the test images
/// Features that are in `validation` are not read. A target without spread among the test images has R^2 = 0. Throws
/// std::invalid_argument if features and targets do not match, FeaturesNotFinite if the features are not finite.
std::vector<TargetResult> regression_probe(const ProbeFeatures& features, const Targets& train, const Targets& test,
                                           const Progress& progress = {});

}  // namespace biossl
