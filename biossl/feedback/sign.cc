#include <algorithm>
#include <cmath>
#include <numbers>

#include "biossl/feedback/following.h"
#include "biossl/ops/ops.h"

namespace biossl {
namespace {

struct SignOptions {
  double scale = 0.0;

  template <class Visitor>
  void visit(Visitor& field) {
    field("scale", scale, "root mean square of the feedback weights; 0: that of the forward weights at the start");
  }
};

/// F has the signs of W, as they are now, and magnitudes of its own; sign(0) = 0. Which magnitudes tells the three
/// paths of Liao, Leibo & Poggio, How important is weight symmetry in backpropagation?, AAAI 2016, apart. They took
/// signs of +-1 and batch normalisation; here the scale is chosen instead, since there is no normalisation.
class SignConcordant : public FollowingFeedback {
 public:
  explicit SignConcordant(const SignOptions& options) : scale_(options.scale) {
    check(std::isfinite(scale_) && scale_ >= 0, "feedback", "scale = {} must be a number and not negative", scale_);
  }

  Plausibility plausibility() const final {
    return {.separate_weights = false,
            .account = "Errors descend over weights whose signs are those of the forward weights."};
  }

 protected:
  /// Writes the magnitudes as they start.
  virtual void start_magnitudes(const Random& /*random*/, Tensor& /*magnitudes*/) {}
  /// Writes those after so many steps, where they change.
  virtual void renew_magnitudes(std::int64_t /*steps*/, Tensor& /*magnitudes*/) {}

  const Tensor& magnitudes() const { return magnitudes_; }
  float root_mean_square() const { return root_mean_square_; }
  /// Numbers uniform in +-bound have a root mean square of bound / sqrt(3); their own signs do not count.
  void draw(const Random& random, Tensor& magnitudes) const {
    ops::draw_uniform(random, root_mean_square_ * std::numbers::sqrt3_v<float>, magnitudes);
  }

 private:
  void start(const Tensor& forward, Random random, float bound) final {
    root_mean_square_ = scale_ > 0 ? static_cast<float>(scale_) : bound / std::numbers::sqrt3_v<float>;
    magnitudes_ = Tensor(forward.shape(), forward.dtype(), forward.device());
    start_magnitudes(random, magnitudes_);
  }
  void follow(const Tensor& forward, std::int64_t steps, Tensor& path) final {
    renew_magnitudes(steps, magnitudes_);
    ops::apply_signs(magnitudes_, forward, path);
  }

  double scale_;
  float root_mean_square_ = 0;
  Tensor magnitudes_;
};

/// uSF: all magnitudes are the scale.
class UniformSign final : public SignConcordant {
 public:
  static constexpr const char* abbreviation = "uSF";

  using SignConcordant::SignConcordant;
  std::string_view name() const override { return "usf"; }

 private:
  void start_magnitudes(const Random& /*random*/, Tensor& magnitudes) override {
    Tensor host(magnitudes.shape(), magnitudes.dtype(), Device::reference);
    if (host.dtype() == DType::float64) {
      std::ranges::fill(host.span<double>(), static_cast<double>(root_mean_square()));
    } else {
      std::ranges::fill(host.span<float>(), root_mean_square());
    }
    copy(host, magnitudes);
  }
};

/// brSF: magnitudes drawn anew whenever W has changed, keyed by its steps, so that a resumed run draws the same.
class RenewedSign final : public SignConcordant {
 public:
  static constexpr const char* abbreviation = "brSF";

  using SignConcordant::SignConcordant;
  std::string_view name() const override { return "brsf"; }

 private:
  void start_magnitudes(const Random& random, Tensor& /*magnitudes*/) override { stream_ = random; }
  void renew_magnitudes(std::int64_t steps, Tensor& magnitudes) override {
    draw(stream_.of_epoch(static_cast<std::uint32_t>(steps)), magnitudes);
  }

  Random stream_{0, Purpose::feedback};  // the layer's own from the start on
};

/// frSF: magnitudes drawn once.
class FixedSign final : public SignConcordant {
 public:
  static constexpr const char* abbreviation = "frSF";

  using SignConcordant::SignConcordant;
  std::string_view name() const override { return "frsf"; }
  State state() override { return {{"magnitude", magnitudes(), {}, {}}}; }

 private:
  void start_magnitudes(const Random& random, Tensor& magnitudes) override { draw(random, magnitudes); }
};

const Registration<FeedbackRegistry, UniformSign, SignOptions> usf(
    "usf", "the signs of the forward weights, all of one size (uSF; Liao, Leibo & Poggio 2016)");
const Registration<FeedbackRegistry, RenewedSign, SignOptions> brsf(
    "brsf", "the signs of the forward weights, sizes drawn anew after every step (brSF; Liao et al. 2016)");
const Registration<FeedbackRegistry, FixedSign, SignOptions> frsf(
    "frsf", "the signs of the forward weights, sizes drawn once (frSF; Liao et al. 2016)");

}  // namespace
}  // namespace biossl
