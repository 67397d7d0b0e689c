#pragma once

#include <cstdint>
#include <vector>

#include "biossl/core/tensor.h"

namespace biossl {

/// A row that is near to a query.
struct Neighbour {
  std::int32_t row = 0;
  float similarity = 0;  ///< cosine, -1 .. 1; 0 where one of the two is all zeros

  bool operator==(const Neighbour& other) const = default;
};

/// Finds the K rows of a large table that are most similar to each of Q queries:
///   similarity(q, t) = <q, t> / (|q| |t|)
/// The search is exact: every row is compared with every query, in float32, piece by piece. Of equally similar rows the
/// lower one is nearer. The result does not depend on the number of threads or on the pieces.
class NeighbourSearch {
 public:
  /// queries (Q, ...), float32 or bfloat16, taken as (Q, F). Throws std::invalid_argument unless 1 <= k;
  /// FeaturesNotFinite for a query without a finite length.
  NeighbourSearch(const Tensor& queries, std::int64_t k);

  /// Compares rows (n, ...), taken as (n, F), which are rows first .. first + n - 1 of the table. Pieces come in
  /// ascending order. Throws FeaturesNotFinite for a row without a finite length.
  void show(std::int64_t first, const Tensor& rows);
  /// The neighbours of each query among the rows shown, the nearest first: K of them, or all rows if there are fewer.
  /// Ends the search.
  std::vector<std::vector<Neighbour>> take();

 private:
  std::int64_t k_;
  Tensor queries_;                             // (Q, F), of length 1
  Tensor each_, zeros_;                        // 0 .. Q-1; the bias of a product with a piece
  Tensor similarities_;                        // flat, (Q, n)
  std::vector<std::vector<Neighbour>> found_;  // by query; a heap with the farthest neighbour on top
};

}  // namespace biossl
