#include "biossl/core/wording.h"
#include "biossl/feedback/feedback.h"
#include "biossl/ops/ops.h"

// A feedback path that learns (docs/extending.md): Kolen & Pollack 1994; Akrout et al. 2019.
namespace biossl {
namespace {

struct KolenPollackOptions {
  double decay = 1e-3;

  template <class Visitor>
  void visit(Visitor& field) {
    field("decay", decay, "lambda: the share that W and F lose in each step, whatever the learning rate");
  }
};

/// F starts independent of W and receives the increments of W; both decay:
///   W <- W + increment - lambda W,  F <- F + increment - lambda F
/// So F - W shrinks by 1 - lambda in every step.
class KolenPollack final : public Feedback {
 public:
  static constexpr const char* abbreviation = "KP";

  explicit KolenPollack(const KolenPollackOptions& options) : decay_(options.decay) {
    check(decay_ >= 0 && decay_ < 1, "kolen_pollack", "decay = {} must lie in [0, 1)", decay_);
  }

  std::string_view name() const override { return "kolen_pollack"; }
  void attach(const Weights& forward, Random random, float bound) override {
    check(forward.values().device() != Device::cuda, "kolen_pollack", "a GPU tells no increments; use {}",
          wording::option("device", "cpu"));
    Tensor drawn = forward.values().clone();
    ops::draw_uniform(random, bound, drawn);
    path_ = Weights(drawn);
  }
  const Weights& weights(const Weights& /*forward*/, std::int64_t /*steps*/) override { return path_; }
  double decay() const override { return decay_; }
  bool uses_increments() const override { return true; }
  void after_update(const Tensor& increment) override {
    Tensor values = path_.values();
    ops::scale(values, 1 - decay_, values);
    ops::add_scaled(values, 1, increment, values);
    path_.changed();
  }
  Plausibility plausibility() const override {
    return {.account = "Errors descend over weights of their own that learn from the same activity and error."};
  }
  State state() override { return {{"weight", path_.values(), {}, {}}}; }
  void restored() override { path_.changed(); }

 private:
  double decay_;
  Weights path_;
};

const Registration<FeedbackRegistry, KolenPollack, KolenPollackOptions> registration(
    "kolen_pollack", "drawn once, then changed by the increments of W; both decay (Kolen & Pollack 1994)");

}  // namespace
}  // namespace biossl
