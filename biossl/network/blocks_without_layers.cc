#include <algorithm>
#include <cmath>

#include "biossl/network/block.h"
#include "biossl/ops/elementwise.h"
#include "biossl/ops/ops.h"

// Kinds of block without layers: nothing in them learns, each image by itself.
namespace biossl {
namespace {

class BlockWithoutLayers : public Block {
 public:
  BlockWithoutLayers(const char* name, const BlockSetup& setup) {
    ops::require_host(setup.synapses.device, name);
    plan_.input = plan_.output = setup.input;
    plan_.operations = 4 * setup.input.size();
  }

  const BlockPlan& plan() const override { return plan_; }
  void learn(BlockStep& /*step*/, const UpdateOptions& /*options*/) override {}
  void each_layer(const std::string& /*name*/, const LayerVisitor& /*visit*/) override {}

 protected:
  BlockPlan plan_;
};

/// Over all numbers of an image: output = (input - mean) / sqrt(variance + 1e-5).
class StandardizeBlock final : public BlockWithoutLayers {
 public:
  StandardizeBlock(const NoOptions& /*options*/, const BlockSetup& setup) : BlockWithoutLayers("standardize", setup) {
    plan_.kept = {{.shape = {1, 1, 1}}, {.shape = {1, 1, 1}}, {.shape = {1, 1, 1}}};
  }

  std::string description() const override { return "each image standardised"; }
  void forward(const Tensor& input, Activity& activity, Mode /*mode*/) const override {
    ops::standardize(input, of_an_image, 1e-5, activity.output, activity.kept[1], activity.kept[0]);
  }
  void backward(BlockStep& step, Tensor& error_input) override {
    ops::standardize_backward(step.error, step.activity.output, step.activity.kept[0], of_an_image,
                              step.activity.kept[1], step.activity.kept[2], error_input);
  }

 private:
  static constexpr Axes of_an_image{1, 4};
};

struct TriangleOptions {
  double power = 1.0;

  template <class Visitor>
  void visit(Visitor& field) {
    field("power", power, "of what is above the mean");
  }
};

/// At each position, with the mean over channels: output = max(input - mean, 0)^power (Coates, Lee & Ng 2011).
class TriangleBlock final : public BlockWithoutLayers {
 public:
  TriangleBlock(const TriangleOptions& options, const BlockSetup& setup)
      : BlockWithoutLayers("triangle", setup), power_(options.power) {
    check(power_ > 0 && std::isfinite(power_), setup.where, "power = {} must be positive", power_);
    plan_.kept = {{.shape = setup.input}, {.shape = {setup.input[0], setup.input[1], 1}}};
    exponent_ = Tensor({1, 1, 1, 1}, setup.synapses.dtype, setup.synapses.device);
    slope_exponent_ = exponent_.clone();
    ops::scale(exponent_, 0, exponent_, power_);
    ops::scale(slope_exponent_, 0, slope_exponent_, power_ - 1);
  }

  std::string description() const override { return fmt::format("above the mean over channels, power {}", power_); }
  void forward(const Tensor& input, Activity& activity, Mode /*mode*/) const override {
    Tensor excess = activity.kept[0];
    ops::reduce(Reduction::mean, input, over_channels, activity.kept[1]);
    ops::combine(input, Combination::subtract, activity.kept[1], excess);
    ops::apply(Function::relu, excess, excess);
    if (power_ == 1) return ops::scale(excess, 1, activity.output);
    ops::combine(excess, Combination::power, exponent_, activity.output);
  }
  /// With e = power excess^(power - 1) times the error where there is an excess: error_input = e - mean e.
  void backward(BlockStep& step, Tensor& error_input) override {
    if (error_input.empty()) return;
    Tensor& error = step.error;
    Tensor excess = step.activity.kept[0], mean = step.activity.kept[1];
    ops::apply(Function::step, excess, error_input);
    ops::combine(error, Combination::multiply, error_input, error);
    if (power_ != 1) {
      ops::scale(error_input, -1, error_input, 1);
      ops::add_scaled(excess, 1, error_input, excess);  // where there is none, a number whose power is finite
      ops::combine(excess, Combination::power, slope_exponent_, excess);
      ops::combine(error, Combination::multiply, excess, error);
      ops::scale(error, power_, error);
    }
    ops::reduce(Reduction::mean, error, over_channels, mean);
    ops::combine(error, Combination::subtract, mean, error_input);
  }

 private:
  double power_;
  Tensor exponent_, slope_exponent_;
};

struct PoolOptions {
  std::int64_t window = 2;
  bool average = false;

  template <class Visitor>
  void visit(Visitor& field) {
    field("window", window, "side of the squares");
    field("average", average, "whether a square's mean is taken in place of its largest number");
  }
};

/// The largest number, or the mean, of each square.
class PoolBlock final : public BlockWithoutLayers {
 public:
  PoolBlock(const PoolOptions& options, const BlockSetup& setup)
      : BlockWithoutLayers("pool", setup), options_(options) {
    const Shape& input = setup.input;
    check(options.window >= 1 && options.window <= largest_pool, setup.where, "window = {}; must be between 1 and {}",
          options.window, largest_pool);
    check_map(options.window <= std::min(input[0], input[1]), setup.where, "window = {} does not fit the input {}",
              options.window, to_string(input));
    plan_.output = {input[0] / options.window, input[1] / options.window, input[2]};
    if (!options.average) plan_.kept = {{.shape = plan_.output, .is_byte = true}};
  }

  std::string description() const override {
    return fmt::format("{}-pool {}", options_.average ? "average" : "max", options_.window);
  }
  void forward(const Tensor& input, Activity& activity, Mode /*mode*/) const override {
    if (options_.average) return ops::average_pool_forward(input, options_.window, activity.output);
    ops::max_pool_forward(input, options_.window, Activation::none, activity.output, activity.kept[0]);
  }
  void backward(BlockStep& step, Tensor& error_input) override {
    if (error_input.empty()) return;
    if (options_.average) return ops::average_pool_backward(step.error, options_.window, error_input);
    ops::max_pool_backward(step.error, step.activity.output, step.activity.kept[0], options_.window, Activation::none,
                           error_input);
  }

 private:
  PoolOptions options_;
};

const Registration<BlockRegistry, StandardizeBlock, NoOptions> standardize(
    "standardize", "each image shifted and scaled to mean 0 and deviation 1");
const Registration<BlockRegistry, TriangleBlock, TriangleOptions> triangle(
    "triangle", "what is above the mean over channels, at each position");
const Registration<BlockRegistry, PoolBlock, PoolOptions> pool("pool", "the largest number, or the mean, of squares");

}  // namespace
}  // namespace biossl
