#include <algorithm>

#include "biossl/losses/hinge_bounds.h"
#include "biossl/losses/loss.h"
#include "biossl/ops/ops.h"

namespace biossl {
namespace {

struct HingeOptions {
  HingeBounds bounds;
  bool normalise = false;
  bool block_gradient = true;

  template <class Visitor>
  void visit(Visitor& field) {
    bounds.visit(field);
    field("normalise", normalise, "scale embeddings to length 1 first (for comparison; breaks property ii)");
    field("block_gradient", block_gradient, "no error reaches view 0");
    bounds.visit_unused(field);
  }
};

/// Tang, Yang & Amit 2022; the formula stands at `Hinge` in ops/types.h.
class ContrastiveHinge final : public Loss {
 public:
  static constexpr const char* abbreviation = "hinge";

  static std::vector<Settings> variants() {
    return {{{"negatives", std::string("recent")}, {"block_gradient", true}},
            {{"negatives", std::string("all")}, {"block_gradient", false}}};
  }

  ContrastiveHinge(const HingeOptions& options, const LossSetup& shape)
      : hinge_(options.bounds.hinge("contrastive_hinge")),
        stops_gradient_(options.block_gradient),
        normalises_(options.normalise) {
    check(shape.batch >= 2, "contrastive_hinge",
          "a batch of one pair holds no other image to keep away from; set train.batch to at least 2");
    if (!normalises_) return;
    const std::int64_t pairs = shape.batch + std::max<std::int64_t>(memory_span(), 0);
    const Shape embeddings{2 * pairs, shape.features};
    unit_ = Tensor(embeddings, shape.dtype, shape.device);
    d_unit_ = Tensor(embeddings, shape.dtype, shape.device);
    norms_ = Tensor({2 * pairs}, shape.dtype, shape.device);
  }

  void evaluate(const Tensor& embeddings, const StepContext& context, Tensor& errors, Tensor& totals) override {
    hinge_.first = context.earlier_pairs;
    if (!normalises_) return compare(embeddings, errors, totals);
    const std::int64_t rows = embeddings.extent(0);
    const std::int64_t first = stops_gradient_ ? rows / 2 + context.earlier_pairs : 0;
    Tensor unit = unit_.rows(0, rows);
    Tensor d_unit = d_unit_.rows(0, rows);
    Tensor norms = norms_.rows(0, rows);
    ops::normalize_rows(embeddings, unit, norms);
    compare(unit, d_unit, totals);
    Tensor wanted = errors.rows(first, rows);
    ops::normalize_rows_backward(d_unit.rows(first, rows), unit.rows(first, rows), norms.rows(first, rows), wanted);
  }

  bool stops_gradient() const override { return stops_gradient_; }
  std::int64_t memory_span() const override { return stops_gradient_ && hinge_.recent > 0 ? hinge_.recent : -1; }
  Plausibility plausibility() const override {
    return {.recent_activity = hinge_.recent > 0 && stops_gradient_, .plain_arithmetic = !normalises_};
  }

 private:
  void compare(const Tensor& embeddings, Tensor& errors, Tensor& totals) const {
    const std::int64_t pairs = embeddings.extent(0) / 2;
    Tensor error_0 = stops_gradient_ ? Tensor() : errors.rows(0, pairs);
    Tensor error_1 = errors.rows(pairs, 2 * pairs);
    ops::contrastive_hinge(embeddings.rows(0, pairs), embeddings.rows(pairs, 2 * pairs), hinge_, error_0, error_1,
                           totals);
  }

  Hinge hinge_;
  bool stops_gradient_;
  bool normalises_;
  Tensor unit_, d_unit_, norms_;  // normalised variant only
};

const Registration<LossRegistry, ContrastiveHinge, HingeOptions> registration(
    "contrastive_hinge", "pairs nearer than theta - m, negatives farther than theta + m (Tang, Yang & Amit 2022)");

}  // namespace
}  // namespace biossl
