#include <algorithm>
#include <cmath>

#include "biossl/core/wording.h"
#include "biossl/losses/loss.h"

// A loss of one's own (docs/extending.md): nearer than another, instead of nearer than a threshold.
namespace biossl {
namespace {

struct TripletOptions {
  double margin = 1.0;

  template <class Visitor>
  void visit(Visitor& field) {
    field("margin", margin, "by how much a view's own memory must be nearer than the one before it");
  }
};

/// L = sum_i [margin + d(i,i) - d(i-1,i)]+, i = 1..B-1, with d(i,j) = sum_k |a_ik - b_jk| of memory a and current view
/// b. The error of an active b_i is sign(b_i - a_i) - sign(b_i - a_{i-1}), sign(0) = 0: additions and comparisons only.
class Triplet final : public Loss {
 public:
  Triplet(const TripletOptions& options, const LossSetup& shape) : margin_(options.margin) {
    check(margin_ > 0, "triplet", "margin = {} must be positive", margin_);
    check(shape.device != Device::cuda, "triplet", "is written for the CPU; use {}", wording::option("device", "cpu"));
  }

  void evaluate(const Tensor& embeddings, const StepContext& /*context*/, Tensor& errors, Tensor& totals) override {
    if (embeddings.dtype() == DType::float64) return compare<double>(embeddings, errors, totals);
    compare<float>(embeddings, errors, totals);
  }
  bool stops_gradient() const override { return true; }
  Plausibility plausibility() const override { return {}; }

 private:
  template <class T>
  void compare(const Tensor& embeddings, Tensor& errors, Tensor& totals) const {
    const auto row = [](const Tensor& of, std::int64_t i) { return of.rows(i, i + 1).span<T>(); };
    const auto sign = [](T x) { return static_cast<T>((x > 0) - (x < 0)); };
    const std::int64_t pairs = embeddings.extent(0) / 2;
    errors.rows(pairs, 2 * pairs).fill_zero();
    for (std::int64_t i = 1; i < pairs; ++i) {
      const auto own = row(embeddings, i), other = row(embeddings, i - 1), now = row(embeddings, pairs + i);
      double excess = margin_;
      for (std::size_t k = 0; k < now.size(); ++k) excess += std::abs(now[k] - own[k]) - std::abs(now[k] - other[k]);
      if (excess <= 0) continue;
      const auto error = row(errors, pairs + i);
      for (std::size_t k = 0; k < now.size(); ++k) error[k] = sign(now[k] - own[k]) - sign(now[k] - other[k]);
      totals.data<double>()[0] += excess;
      totals.data<double>()[1] += std::ranges::any_of(error, [](T each) { return each != 0; }) ? 1 : 0;
    }
  }

  double margin_;
};

const Registration<LossRegistry, Triplet, TripletOptions> registration(
    "triplet", "each view nearer to its own memory than to the one before it, by a margin");

}  // namespace
}  // namespace biossl
