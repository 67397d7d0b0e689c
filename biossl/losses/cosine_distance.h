#pragma once

#include "biossl/losses/loss.h"

namespace biossl {

/// How far embeddings point from where targets point, row by row, and the errors of the embeddings; nothing is learnt
/// about the targets. With u = z/|z| and t = target/|target|:
///   L = share sum_n |u_n - t_n|^2 = share sum_n (2 - 2 cos(z_n, target_n))
/// Host devices only.
class CosineDistance {
 public:
  /// For up to `rows` embeddings of setup.features numbers.
  CosineDistance(const LossSetup& setup, std::int64_t rows);

  /// Returns L; writes its derivative by the embeddings (n, D) to errors (n, D), which may be the embeddings.
  double evaluate(const Tensor& embeddings, const Tensor& targets, double share, Tensor& errors);

 private:
  Tensor unit_, targets_, difference_, norms_, target_norms_;
};

}  // namespace biossl
