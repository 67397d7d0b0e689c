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
    for (Tensor* room : {&difference_, &moved_}) *room = Tensor(rows, setup.dtype, setup.device);
    all_ = Tensor({2 * rows[0], rows[1]}, setup.dtype, setup.device);
    score_ = Tensor({rows[0], 1}, setup.dtype, setup.device);
    indices_ = Tensor({2 * rows[0]}, DType::int32, setup.device);
  }

  void evaluate(const Tensor& embeddings, const StepContext& context, Tensor& errors, Tensor& totals) override {
    const std::int64_t rows = embeddings.extent(0), size = embeddings.extent(1) / 2;
    const Shape halves{2 * rows, size};
    Random random(seed_, "clapp_plus.negatives", static_cast<std::uint32_t>(context.epoch),
                  static_cast<std::uint32_t>(context.batch), static_cast<std::uint32_t>(block_));
    const std::int64_t by = rows < 4 ? 0 : 1 + random.below(static_cast<std::uint32_t>(rows / 2 - 1));
    Tensor all = all_.rows(0, 2 * rows), z = all.rows(0, rows), p = all.rows(rows, 2 * rows);
    Tensor difference = difference_.rows(0, rows), moved = moved_.rows(0, rows), score = score_.rows(0, rows);
    ops::gather_rows(embeddings.reshaped(halves), index(2 * rows, [=](auto i) { return 2 * (i % rows) + i / rows; }),
                     all);
    const auto shifted = [=](std::int64_t i, std::int64_t far) {
      return i / (rows / 2) * (rows / 2) + (i + far) % (rows / 2);
    };
    ops::gather_rows(p, index(rows, [&](auto i) { return shifted(i, by); }), difference);
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
    ops::gather_rows(p, index(rows, [&](auto i) { return shifted(i, rows / 2 - by); }), moved);
    ops::add_scaled(p, -1, moved, p);  // and of s(j, i)
    Tensor target = errors.reshaped(halves);
    ops::gather_rows(all, index(2 * rows, [=](auto i) { return i / 2 + i % 2 * rows; }), target);
  }
  std::string head() const override { return "clapp_plus"; }
  bool stops_gradient() const override { return false; }
  Plausibility plausibility() const override { return {.recent_activity = false, .plain_arithmetic = false}; }

 private:
  template <class Index>
  Tensor index(std::int64_t count, const Index& of) {
    for (std::int64_t i = 0; i < count; ++i) indices_.data<std::int32_t>()[i] = static_cast<std::int32_t>(of(i));
    return indices_.rows(0, count);
  }

  std::uint64_t seed_;
  int block_;
  Tensor difference_, moved_, all_, score_, indices_;
};

const Registration<LossRegistry, ClappPlus, NoOptions> registration(
    "clapp_plus", "the block's output matches its prediction from the context, not another image's (Wu et al. 2026)");

}  // namespace
}  // namespace biossl
