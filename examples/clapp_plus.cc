#include "biossl/losses/feature_moments.h"
#include "biossl/losses/loss.h"
#include "biossl/ops/elementwise.h"
#include "biossl/ops/ops.h"

// A loss for a head of one's own (docs/extending.md): CLAPP++, Wu et al. 2026, under the head of clapp_plus_head.cc.
namespace biossl {
namespace {

/// With s(i, j) = <z_i, B c_j> over the rows of the batch, both views, and j another image, one cyclic shift for all:
///   L = mean [1 - (s(i, i) - s(i, j))]+
class ClappPlus final : public Loss {
 public:
  static constexpr const char* abbreviation = "CLAPP++";

  ClappPlus(const NoOptions& /*options*/, const LossSetup& setup) : seed_(setup.seed), block_(setup.block) {
    ops::require_host(setup.device, "clapp_plus");
    const Shape rows{2 * setup.batch, setup.features / 2};
    for (Tensor* room : {&z_, &p_, &difference_, &moved_}) *room = Tensor(rows, setup.dtype, setup.device);
    score_ = Tensor({rows[0], 1}, setup.dtype, setup.device);
  }

  void evaluate(const Tensor& embeddings, const StepContext& context, Tensor& errors, Tensor& totals) override {
    const std::int64_t rows = embeddings.extent(0), size = embeddings.extent(1) / 2;
    Random random(seed_, "clapp_plus.negatives", static_cast<std::uint32_t>(context.epoch),
                  static_cast<std::uint32_t>(context.batch), static_cast<std::uint32_t>(block_));
    const std::int64_t by = rows < 4 ? 0 : 1 + random.below(static_cast<std::uint32_t>(rows / 2 - 1));
    Tensor z = z_.rows(0, rows), p = p_.rows(0, rows);
    Tensor difference = difference_.rows(0, rows), moved = moved_.rows(0, rows), score = score_.rows(0, rows);
    ops::copy_columns(embeddings, 0, z, 0, size);
    ops::copy_columns(embeddings, size, p, 0, size);
    rotate_views(p, by, difference);
    ops::add_scaled(p, -1, difference, difference);
    ops::combine(z, Combination::multiply, difference, moved);
    ops::reduce(Reduction::sum, moved, over_channels, score);
    ops::scale(score, -1, score, 1);
    ops::apply(Function::relu, score, score);
    totals.data<double>()[0] += sum_of(score) / static_cast<double>(rows);
    ops::apply(Function::step, score, score);
    totals.data<double>()[1] += sum_of(score.rows(rows / 2, rows));
    ops::scale(score, -1.0 / static_cast<double>(rows), score);
    ops::combine(z, Combination::multiply, score, p);           // d B c_i, of s(i, i)
    ops::combine(difference, Combination::multiply, score, z);  // d z_i
    rotate_views(p, rows / 2 - by, moved);
    ops::add_scaled(p, -1, moved, p);  // and of s(j, i)
    ops::copy_columns(z, 0, errors, 0, size);
    ops::copy_columns(p, 0, errors, size, size);
  }
  std::string head() const override { return "clapp_plus"; }
  bool stops_gradient() const override { return false; }
  Plausibility plausibility() const override { return {.recent_activity = false, .plain_arithmetic = false}; }

 private:
  /// Each view's rows by themselves.
  static void rotate_views(const Tensor& src, std::int64_t by, Tensor& dst) {
    const std::int64_t rows = src.extent(0);
    for (const std::int64_t first : {std::int64_t{0}, rows / 2}) {
      Tensor view = dst.rows(first, first + rows / 2);
      ops::rotate_rows(src.rows(first, first + rows / 2), by, view);
    }
  }

  std::uint64_t seed_;
  int block_;
  Tensor z_, p_, difference_, moved_, score_;
};

const Registration<LossRegistry, ClappPlus, NoOptions> registration(
    "clapp_plus", "the block's output matches its prediction from the context, not another image's (Wu et al. 2026)");

}  // namespace
}  // namespace biossl
