#include "biossl/evaluation/nearest_neighbours.h"

#include <algorithm>
#include <utility>

#include "biossl/core/error.h"
#include "biossl/core/parallel.h"
#include "biossl/evaluation/linear_probe.h"
#include "biossl/ops/ops.h"

namespace biossl {
namespace {

bool is_nearer(const Neighbour& one, const Neighbour& other) {
  return one.similarity > other.similarity || (one.similarity == other.similarity && one.row < other.row);
}

/// The rows as float32 of length 1.
Tensor of_length_one(const Tensor& rows) {
  const Shape shape{rows.extent(0), rows.shape().row_size()};
  Tensor wide(shape, DType::float32, rows.device());
  ops::convert(rows.reshaped(shape), wide);
  Tensor norms({shape[0]}, DType::float32, rows.device());
  ops::normalize_rows(wide, wide, norms);
  if (!is_finite(norms)) {
    throw FeaturesNotFinite("the features hold NaN or infinite numbers, or numbers too large for a length");
  }
  return wide;
}

}  // namespace

NeighbourSearch::NeighbourSearch(const Tensor& queries, std::int64_t k)
    : k_(k), queries_(of_length_one(queries)), each_(iota(queries.extent(0), queries.device())) {
  check(k >= 1, "neighbours", "{} neighbours are impossible; 1 or more can be found", k);
  found_.resize(static_cast<std::size_t>(queries.extent(0)));
}

void NeighbourSearch::show(std::int64_t first, const Tensor& rows) {
  const Tensor piece = of_length_one(rows);
  const std::int64_t queries = queries_.extent(0);
  const std::int64_t count = piece.extent(0);
  if (zeros_.empty() || zeros_.extent(0) < count) {
    zeros_ = Tensor({count}, DType::float32, piece.device());
    similarities_ = Tensor({queries * count}, DType::float32, piece.device());
  }
  Tensor similarities = similarities_.part(0, {queries, count});
  // This operation splits no sum among threads.
  ops::gathered_linear_forward(queries_, each_, piece, zeros_.rows(0, count), similarities);
  const Tensor host = on_device(similarities, Device::reference);
  const float* all = host.data<const float>();
  parallel_for(queries, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t query = begin; query < end; ++query) {
      std::vector<Neighbour>& found = found_[static_cast<std::size_t>(query)];
      for (std::int64_t row = 0; row < count; ++row) {
        const Neighbour other{.row = static_cast<std::int32_t>(first + row), .similarity = all[query * count + row]};
        const bool full = static_cast<std::int64_t>(found.size()) == k_;
        if (full && !is_nearer(other, found.front())) continue;
        if (full) {
          std::ranges::pop_heap(found, is_nearer);
          found.pop_back();
        }
        found.push_back(other);
        std::ranges::push_heap(found, is_nearer);
      }
    }
  });
}

std::vector<std::vector<Neighbour>> NeighbourSearch::take() {
  for (std::vector<Neighbour>& found : found_) std::ranges::sort(found, is_nearer);
  return std::exchange(found_, {});
}

}  // namespace biossl
