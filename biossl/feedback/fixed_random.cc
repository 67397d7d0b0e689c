#include "biossl/feedback/feedback.h"
#include "biossl/ops/ops.h"

namespace biossl {
namespace {

/// F is drawn once, from the distribution that W was drawn from but independently of it, and never changes: feedback
/// alignment (Lillicrap, Cownden, Tweed & Akerman, Random synaptic feedback weights support error backpropagation for
/// deep learning, Nat. Commun. 7:13276, 2016).
class FixedRandom final : public Feedback {
 public:
  static constexpr const char* abbreviation = "RF";

  explicit FixedRandom(const NoOptions& /*options*/) {}

  std::string_view name() const override { return "fixed_random"; }
  void attach(const Weights& forward, Random random, float bound) override {
    const Tensor& like = forward.values();
    Tensor drawn(like.shape(), like.dtype(), like.device());
    ops::draw_uniform(random, bound, drawn);
    path_ = Weights(drawn);
  }
  const Weights& weights(const Weights& /*forward*/, std::int64_t /*steps*/) override { return path_; }
  Plausibility plausibility() const override { return {.account = "Errors descend over weights of their own."}; }
  State state() override { return {{"weight", path_.values(), {}, {}}}; }
  void restored() override { path_.changed(); }

 private:
  Weights path_;
};

const Registration<FeedbackRegistry, FixedRandom, NoOptions> registration(
    "fixed_random", "drawn once like the forward weights, never changed (RF; Lillicrap et al. 2016)");

}  // namespace
}  // namespace biossl
