#include "biossl/core/random.h"
#include "biossl/losses/loss.h"
#include "biossl/ops/ops.h"

namespace biossl {
namespace {

struct ClappOptions {
  template <class Visitor>
  void visit(Visitor& field) {
    field.refuse("block_gradient", "the error of view 0's prediction is what the prediction matrix learns from");
  }
};

/// CLAPP's hinge (Illing, Ventura, Bellec & Gerstner 2021) on pairs of views: from the map a_i that a block had for
/// view 0, a learnt 1x1 convolution W predicts the map b_i that it has for view 1, but not the map b_j of another
/// image.
///   L = 1/B sum_i [1 - s(i,i)]+ + 1/B sum_i [1 + s(i,j(i))]+,  s(i,j) = <W a_i, b_j> over positions and channels,
/// j(i) != i drawn anew for every batch. W is the head "prediction", so the embeddings are W a_i and b_i. A
/// last batch of one pair has no other image: its first term is all there is.
class Clapp final : public Loss {
 public:
  static constexpr const char* abbreviation = "CLAPP";

  Clapp(const ClappOptions& /*options*/, const LossSetup& shape) : seed_(shape.seed) {
    check(shape.batch >= 2, "clapp",
          "a batch of one pair holds no other image to draw as its negative; set train.batch to at least 2");
    negatives_ = Tensor({shape.batch}, DType::int32, shape.device);
  }

  void evaluate(const Tensor& embeddings, const StepContext& context, Tensor& errors, Tensor& totals) override {
    const std::int64_t pairs = embeddings.extent(0) / 2;
    Tensor negatives = negatives_.rows(0, pairs);
    ops::draw_negatives(Random(seed_, Purpose::negatives, static_cast<std::uint32_t>(context.epoch),
                               static_cast<std::uint32_t>(context.batch)),
                        negatives);
    Tensor d_predictions = errors.rows(0, pairs);
    Tensor d_targets = errors.rows(pairs, 2 * pairs);
    ops::clapp_hinge(embeddings.rows(0, pairs), embeddings.rows(pairs, 2 * pairs), negatives, d_predictions, d_targets,
                     totals);
  }

  std::string head() const override { return "prediction"; }
  /// View 0 gets its error through W: without it W could not learn, so there is no gradient block to ask for.
  bool stops_gradient() const override { return false; }
  /// The negative may be any image of the batch, and view 0 changes too.
  /// s is an inner product.
  Plausibility plausibility() const override { return {.recent_activity = false, .plain_arithmetic = false}; }

 private:
  std::uint64_t seed_;
  Tensor negatives_;
};

const Registration<LossRegistry, Clapp, ClappOptions> registration(
    "clapp", "a learnt matrix predicts the block's output for view 1 from view 0, not another image's (Illing et al.)");

}  // namespace
}  // namespace biossl
