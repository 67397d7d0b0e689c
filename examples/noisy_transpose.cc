#include "biossl/feedback/following.h"
#include "biossl/ops/ops.h"

// A feedback path of one's own (docs/extending.md): how exact must the way back be?
namespace biossl {
namespace {

struct NoisyTransposeOptions {
  double noise = 0.5;

  template <class Visitor>
  void visit(Visitor& field) {
    field("noise", noise, "root mean square of the noise, as a part of that of the forward weights at the start");
  }
};

/// F = W + noise * R, with R drawn anew after every step from the distribution that W was drawn from: backpropagation
/// over a transpose that is right on average and never exact. noise = 0 is backpropagation bit for bit.
class NoisyTranspose final : public FollowingFeedback {
 public:
  explicit NoisyTranspose(const NoisyTransposeOptions& options) : noise_(options.noise) {
    check(noise_ >= 0, "noisy_transpose", "noise = {} may not be negative", noise_);
  }

  std::string_view name() const override { return "noisy_transpose"; }
  Plausibility plausibility() const override {
    return {.separate_weights = false, .account = "Errors descend over a noisy reading of the forward weights."};
  }

 private:
  void start(const Tensor& /*forward*/, Random random, float bound) override {
    stream_ = random;
    bound_ = bound;
  }
  /// Keyed by the step, the noise needs no place in a checkpoint: a resumed run draws the same.
  void follow(const Tensor& forward, std::int64_t steps, Tensor& path) override {
    ops::draw_uniform(stream_.of_epoch(static_cast<std::uint32_t>(steps)), bound_, path);
    ops::add_scaled(forward, noise_, path, path);
  }

  double noise_;
  float bound_ = 0;
  Random stream_{0, Purpose::feedback};  // the layer's own from the start on
};

const Registration<FeedbackRegistry, NoisyTranspose, NoisyTransposeOptions> registration(
    "noisy_transpose", "the forward weights with fresh noise on them");

}  // namespace
}  // namespace biossl
