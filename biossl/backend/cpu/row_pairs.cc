#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "biossl/backend/backend.h"
#include "biossl/backend/cpu/vectors.h"
#include "biossl/core/parallel.h"

// First every pair's product, then every row's error as a sum over its active pairs, in their order: no two threads add
// to one number. Rows are long, so each error is written in one pass.
namespace biossl::cpu::BIOSSL_LEVEL {
namespace {

/// A row's share in an active pair: its error gains weight * rows[partner].
struct Pull {
  std::int32_t partner;
  float weight;
};

/// The pulls on each row, one row's after the other's. Its memory is kept, so that only the first batch allocates.
class Pulls {
 public:
  /// active: by pair, whether its hinge is not zero.
  void gather(std::span<const RowPair> pairs, const std::vector<char>& active, std::int64_t rows) {
    ends_.assign(static_cast<std::size_t>(rows) + 1, 0);
    each_of_active(pairs, active, [&](std::int32_t row, Pull) { ++ends_[static_cast<std::size_t>(row) + 1]; });
    std::partial_sum(ends_.begin(), ends_.end(), ends_.begin());
    pulls_.reserve(2 * pairs.size());  // as many as there may be in a later batch
    pulls_.resize(static_cast<std::size_t>(ends_.back()));
    next_ = ends_;
    each_of_active(pairs, active, [&](std::int32_t row, Pull pull) {
      pulls_[static_cast<std::size_t>(next_[static_cast<std::size_t>(row)]++)] = pull;
    });
  }
  std::span<const Pull> on(std::int64_t row) const {
    const auto at = static_cast<std::size_t>(row);
    return std::span(pulls_).subspan(static_cast<std::size_t>(ends_[at]),
                                     static_cast<std::size_t>(ends_[at + 1] - ends_[at]));
  }

 private:
  template <class Visit>
  static void each_of_active(std::span<const RowPair> pairs, const std::vector<char>& active, const Visit& visit) {
    for (std::size_t p = 0; p < pairs.size(); ++p) {
      if (active[p] == 0) continue;
      const auto weight = static_cast<float>(-pairs[p].weight);
      visit(pairs[p].one, Pull{pairs[p].other, weight});
      visit(pairs[p].other, Pull{pairs[p].one, weight});
    }
  }

  std::vector<std::int64_t> ends_, next_;  // where a row's begin; where its next is written
  std::vector<Pull> pulls_;
};

struct Scratch {
  std::vector<double> losses;  // by pair; summed in order, so that the result does not depend on the threads
  std::vector<char> active;
  Pulls pulls;
};

}  // namespace

void product_hinge(const Tensor& rows, std::span<const RowPair> pairs, Tensor& errors, Tensor& totals) {
  const std::int64_t features = rows.extent(1);
  const float* values = rows.data<float>();
  thread_local Scratch kept;
  Scratch& scratch = kept;  // the calling thread's, for all threads
  scratch.losses.assign(pairs.size(), 0.0);
  scratch.active.assign(pairs.size(), 0);
  parallel_for(static_cast<std::int64_t>(pairs.size()), 1, [&](std::int64_t begin, std::int64_t end) {
    for (auto p = static_cast<std::size_t>(begin); p < static_cast<std::size_t>(end); ++p) {
      const RowPair& pair = pairs[p];
      const float product = dot(values + pair.one * features, values + pair.other * features, features);
      const float miss = pair.weight > 0 ? 1.0F - product : 1.0F + product;
      if (miss <= 0.0F) continue;
      scratch.active[p] = 1;
      scratch.losses[p] = std::abs(pair.weight) * static_cast<double>(miss);
    }
  });
  scratch.pulls.gather(pairs, scratch.active, rows.extent(0));
  parallel_for(rows.extent(0), 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) {
      float* error = errors.data<float>() + row * features;
      std::fill_n(error, features, 0.0F);
      for (const Pull& pull : scratch.pulls.on(row)) {
        add_scaled(pull.weight, values + pull.partner * features, features, error);
      }
    }
  });
  double* sum = totals.data<double>();
  *sum = std::accumulate(scratch.losses.begin(), scratch.losses.end(), *sum);
}

}  // namespace biossl::cpu::BIOSSL_LEVEL
