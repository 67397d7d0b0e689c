#pragma once

#include <cstdint>

#include "biossl/losses/loss.h"

namespace biossl {

/// Variances and covariances of the features of one view, over the batch, and errors that descend from them. With the
/// centred embeddings c = z - mean(z), (B, D):
///   cov = c^T c / (B - 1),  var = its diagonal
/// Losses that keep features from collapsing (VICReg, LPL) are made of it. Host devices only.
class FeatureMoments {
 public:
  explicit FeatureMoments(const LossSetup& setup);

  /// Takes the embeddings (n, D) of one view, n >= 2.
  void measure(const Tensor& embeddings);
  /// (1, D)
  const Tensor& variances() const { return variances_; }
  /// sum_{i != j} cov_ij^2
  double squared_covariances() const;
  /// errors (n, D) += the derivative by the embeddings of a loss whose derivative by var is d_variances (1, D), which
  /// is used up, and that counts `weight` times squared_covariances().
  void add_errors(Tensor& d_variances, double weight, Tensor& errors);

 private:
  Tensor centred_, means_, variances_, covariances_, products_;
  std::int64_t rows_ = 0;
};

/// The sum of all numbers, or of their squares, of a floating-point tensor on the host.
double sum_of(const Tensor& tensor);
double sum_of_squares(const Tensor& tensor);

}  // namespace biossl
