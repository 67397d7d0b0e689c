#include "biossl/feedback/following.h"
#include "biossl/ops/ops.h"

namespace biossl {
namespace {

/// F is drawn like W and then receives the very increments that W receives (Tang, Yang & Amit 2022; after Kolen &
/// Pollack, Backpropagation without weight transport, 1994). So F - W stays as it was at the start: that offset is
/// kept, and F = W + offset needs no optimiser state of its own.
class UpdatedRandom final : public FollowingFeedback {
 public:
  static constexpr const char* abbreviation = "URF";

  explicit UpdatedRandom(const NoOptions& /*options*/) {}

  std::string_view name() const override { return "updated_random"; }
  Plausibility plausibility() const override { return {.account = "Errors descend over weights of their own."}; }
  State state() override { return {{"offset", offset_, {}, {}}}; }
  bool assign(const Tensor& values, const Weights& forward) override {
    ops::add_scaled(values, -1.0, forward.values(), offset_);
    restored();
    return true;
  }

 private:
  void start(const Tensor& forward, Random random, float bound) override {
    offset_ = Tensor(forward.shape(), forward.dtype(), forward.device());
    ops::draw_uniform(random, bound, offset_);
    ops::add_scaled(offset_, -1.0, forward, offset_);
  }
  void follow(const Tensor& forward, std::int64_t /*steps*/, Tensor& path) override {
    ops::add_scaled(forward, 1.0, offset_, path);
  }

  Tensor offset_;
};

const Registration<FeedbackRegistry, UpdatedRandom, NoOptions> registration(
    "updated_random", "drawn once, then changed by the forward weights' own increments (URF; Tang et al. 2022)");

}  // namespace
}  // namespace biossl
