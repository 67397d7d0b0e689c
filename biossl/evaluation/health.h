#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "biossl/core/tensor.h"

namespace biossl {

/// The health of embeddings: whether they still tell images apart.
struct Health {
  int block = 0;                 ///< the block that the embedding stands on, from 0
  std::string of = {};           ///< "embedding"; "output": the block's output, averaged over positions
  std::int64_t dimensions = 0;   ///< D
  std::int64_t images = 0;       ///< M, each seen in two views
  double deviation = 0;          ///< standard deviation over the images, mean over the dimensions
  double effective_rank = 0;     ///< RankMe, 1 .. min(M, D); 0 where all embeddings are zero
  double participation = 0;      ///< participation ratio, 1 .. min(M - 1, D); 0 where all embeddings are equal
  double positive_distance = 0;  ///< mean of d(i,i)
  double negative_distance = 0;  ///< mean of d(i,j), j the next 255 images after i, cyclically
  double dead = 0;               ///< share of the block's units whose output is the same for all images and views
  /// Share of the block's units that are at a bound (hardtanh, tanh: |output| >= 0.99) for nine of ten images or more;
  /// std::nullopt where the activation has no bounds.
  std::optional<double> saturated = std::nullopt;
};

/// Measures embeddings a (M,D) of view 0 and b (M,D) of view 1, float32 in host memory. With the singular values s of b
/// and the eigenvalues l of b's covariance:
///   effective rank   exp(-sum p log p), p = s / sum s   (RankMe; Garrido et al. 2023)
///   participation    (sum l)^2 / sum l^2
///   deviation        mean_k sqrt(1/M sum_i (b_ik - mean_k)^2)
///   d(i,j)           sum_k |a_ik - b_jk|
/// Everything is added up in double, in an order that does not depend on the number of threads.
Health measure_embeddings(const Tensor& a, const Tensor& b);

/// Counts units, the numbers of a block's output, that say nothing: images are shown a few at a time.
class UnitActivity {
 public:
  /// What counts as a bound of hardtanh and tanh, whose outputs lie in -1 .. 1.
  static constexpr float bound = 0.99F;

  /// outputs (n, ...), float32 in host memory.
  void show(const Tensor& outputs);
  /// The share of units whose output is the same for all rows.
  double dead() const;
  /// The share of units with |output| >= bound in nine of ten rows or more.
  double saturated() const;

 private:
  std::int64_t rows_ = 0;
  std::vector<float> lowest_, highest_;  // by unit
  std::vector<std::int32_t> at_bound_;
};

}  // namespace biossl
