#include <algorithm>

#include "biossl/losses/loss.h"
#include "biossl/ops/ops.h"

namespace biossl {
namespace {

struct HingeOptions {
  std::string negatives = "recent";
  std::int64_t recent = 4;
  double weight = 0.2;
  double threshold = 2.0;
  double margin = 1.0;
  double positive_threshold = -1.0;
  double negative_threshold = -1.0;
  bool normalise = false;
  bool block_gradient = true;

  template <class Visitor>
  void visit(Visitor& field) {
    field("negatives", negatives,
          "\"recent\": each view against the `recent` images seen before it; \"all\": every other image");
    field("recent", recent, "how many images back a negative may lie (K); the published \"5 negatives\" is 4");
    field("weight", weight, "weight of a recent negative's term; all negatives have weight 1");
    field("threshold", threshold, "theta: what separates near from far");
    field("margin", margin, "m: positive pairs want d <= theta - m, negative pairs d >= theta + m");
    field("positive_threshold", positive_threshold, "a bound of its own for positive pairs; negative: theta - m");
    field("negative_threshold", negative_threshold, "a bound of its own for negative pairs; negative: theta + m");
    field("normalise", normalise, "scale embeddings to length 1 first (for comparison; breaks property ii)");
    field("block_gradient", block_gradient, "no error reaches the remembered view");
    if (negatives == "all") {
      field.unused("recent", "negatives = \"all\" looks at the whole batch");
      field.unused("weight", "with negatives = \"all\" every term has weight 1");
    }
    if (positive_threshold >= 0 && negative_threshold >= 0) {
      field.unused("threshold", "both pairs have bounds of their own");
      field.unused("margin", "both pairs have bounds of their own");
    }
  }
};

Hinge hinge_of(const HingeOptions& options) {
  check_choice("contrastive_hinge", "negatives", options.negatives, {"recent", "all"});
  check(options.recent >= 1 && options.recent <= 1'000'000, "contrastive_hinge",
        "recent = {} must be between 1 and 1000000", options.recent);
  check(options.weight >= 0, "contrastive_hinge", "weight = {} may not be negative", options.weight);
  check(options.margin >= 0, "contrastive_hinge",
        "margin = {} may not be negative: positive pairs would be left farther apart than negative ones",
        options.margin);
  const bool all = options.negatives == "all";
  const auto bound = [](double own, double shared) { return static_cast<float>(own < 0 ? shared : own); };
  return {.positive_threshold = bound(options.positive_threshold, options.threshold - options.margin),
          .negative_threshold = bound(options.negative_threshold, options.threshold + options.margin),
          .negative_weight = all ? 1.0F : static_cast<float>(options.weight),
          .recent = all ? 0 : options.recent};
}

/// Tang, Yang & Amit 2022; the formula stands at `Hinge` in ops/types.h.
class ContrastiveHinge final : public Loss {
 public:
  static constexpr const char* abbreviation = "hinge";

  static std::vector<Settings> variants() {
    return {{{"negatives", std::string("recent")}, {"block_gradient", true}},
            {{"negatives", std::string("all")}, {"block_gradient", false}}};
  }

  ContrastiveHinge(const HingeOptions& options, const LossSetup& shape)
      : hinge_(hinge_of(options)), stops_gradient_(options.block_gradient), normalises_(options.normalise) {
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
    Tensor memory_error = stops_gradient_ ? Tensor() : errors.rows(0, pairs);
    Tensor current_error = errors.rows(pairs, 2 * pairs);
    ops::contrastive_hinge(embeddings.rows(0, pairs), embeddings.rows(pairs, 2 * pairs), hinge_, memory_error,
                           current_error, totals);
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
