#include "biossl/feedback/feedback.h"
#include "biossl/ops/ops.h"

// A feedback path that learns between the steps (docs/extending.md): weight mirrors, Akrout et al. 2019.
namespace biossl {
namespace {

struct WeightMirrorOptions {
  double rate = 0.02;
  double decay = 0.02;
  std::int64_t samples = 50;

  template <class Visitor>
  void visit(Visitor& field) {
    field("rate", rate, "eta: step size of F; rate / decay is the scale that F comes to have beside W");
    field("decay", decay, "lambda: the share of itself that F loses in each step; 0.002 to 0.1 work");
    field("samples", samples, "noise images after each learning step");
  }
};

/// Between two learning steps noise n, standard normal, drives the layer; its outputs y = W n say what W is:
///   F <- F + eta mean(y (x) n) - lambda F,  the mean over samples and positions
/// On average y (x) n is W, so F comes to point along W without any error being sent and without reading W.
class WeightMirror final : public Feedback {
 public:
  static constexpr const char* abbreviation = "WM";

  explicit WeightMirror(const WeightMirrorOptions& options) : options_(options) {
    check(options.rate >= 0 && options.decay >= 0 && options.decay < 1 && options.samples >= 1, "weight_mirror",
          "rate = {}, decay = {}, samples = {} is impossible", options.rate, options.decay, options.samples);
  }

  std::string_view name() const override { return "weight_mirror"; }
  void attach(const Weights& forward, Random random, float bound) override {
    Tensor drawn = forward.values().clone();
    ops::draw_uniform(random, bound, drawn);
    path_ = Weights(drawn);
    product_ = drawn.clone();
    stream_ = random;
  }
  const Weights& weights(const Weights& /*forward*/, std::int64_t /*steps*/) override { return path_; }
  void between_steps(const FeedbackLayer& layer, const StepContext& context) override {
    const Tensor& like = path_.values();
    if (noise_.empty()) {
      zeros_ = Tensor(batch_of(options_.samples, layer.input_map()), like.dtype(), like.device());
      outputs_ = Tensor(batch_of(options_.samples, layer.output_map()), like.dtype(), like.device());
      noise_ = zeros_.clone();
    }
    // Keyed by epoch and batch, the noise needs no place in a checkpoint.
    const auto number = static_cast<std::uint32_t>(1 + context.epoch) << 16 ^ static_cast<std::uint32_t>(context.batch);
    ops::add_noise(stream_.of_epoch(number), 1.0, zeros_, noise_);
    layer.drive(noise_, outputs_);
    layer.correlate(noise_, outputs_, product_);
    const std::int64_t terms = options_.samples * layer.output_map()[0] * layer.output_map()[1];
    Tensor values = path_.values();
    ops::scale(values, 1 - options_.decay, values);
    ops::add_scaled(values, options_.rate / static_cast<double>(terms), product_, values);
    path_.changed();
  }
  Plausibility plausibility() const override {
    return {.account = "Errors descend over weights of their own that mirror what noise does in the layer."};
  }
  State state() override { return {{"weight", path_.values(), {}, {}}}; }
  void restored() override { path_.changed(); }

 private:
  WeightMirrorOptions options_;
  Weights path_;
  Random stream_{0, Purpose::feedback};  // the layer's own from the start on
  Tensor zeros_, noise_, outputs_, product_;
};

const Registration<FeedbackRegistry, WeightMirror, WeightMirrorOptions> registration(
    "weight_mirror", "learns from noise between the steps to point along W (Akrout et al. 2019)");

}  // namespace
}  // namespace biossl
