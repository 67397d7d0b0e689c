// A step of difference target propagation against arrays computed elsewhere: tanh4 with its inverses and a given noise.
#include <gtest/gtest.h>

#include <cmath>

#include "biossl/rules/target_propagation.h"
#include "tests/support/borrowed_loss.h"
#include "tests/support/channels.h"
#include "tests/support/devices.h"
#include "tests/support/reference_case.h"
#include "tests/support/tensors.h"

namespace biossl {
namespace {

using testing::reference_case;
using testing::relative_error;
using testing::tensor_of;
using testing::values_of;

constexpr int depth = 4;

/// The case's loss: cross-entropy of every embedding with its partner among all others, by cosine similarity over a
/// temperature, averaged over all 2B rows.
class MeanNtXent final : public Loss {
 public:
  explicit MeanNtXent(double temperature) : temperature_(temperature) {}

  void evaluate(const Tensor& embeddings, const StepContext& /*context*/, Tensor& errors, Tensor& totals) override {
    const auto rows = static_cast<std::size_t>(embeddings.extent(0));
    const auto features = static_cast<std::size_t>(embeddings.extent(1));
    std::vector<double> unit = values_of(embeddings);
    std::vector<double> lengths(rows);
    for (std::size_t i = 0; i < rows; ++i) {
      for (std::size_t k = 0; k < features; ++k) lengths[i] += unit[i * features + k] * unit[i * features + k];
      lengths[i] = std::sqrt(lengths[i]);
      for (std::size_t k = 0; k < features; ++k) unit[i * features + k] /= lengths[i];
    }
    std::vector<double> slopes(rows * rows);  // of the loss by each similarity
    for (std::size_t i = 0; i < rows; ++i) totals.data<double>()[0] += compare(unit, i, rows, features, slopes);
    std::vector<double> result(rows * features);
    for (std::size_t i = 0; i < rows; ++i) {
      double along = 0;
      double* error = result.data() + i * features;
      for (std::size_t k = 0; k < features; ++k) {
        for (std::size_t j = 0; j < rows; ++j) {
          error[k] += (slopes[i * rows + j] + slopes[j * rows + i]) * unit[j * features + k];
        }
        along += error[k] * unit[i * features + k];
      }
      for (std::size_t k = 0; k < features; ++k) {
        error[k] = (error[k] - along * unit[i * features + k]) / lengths[i];
      }
    }
    copy(tensor_of(errors.shape(), result, errors.dtype(), errors.device()), errors);
  }
  bool stops_gradient() const override { return false; }
  Plausibility plausibility() const override { return {.recent_activity = false, .plain_arithmetic = false}; }

 private:
  /// The loss of row i; writes row i of slopes.
  double compare(const std::vector<double>& unit, std::size_t i, std::size_t rows, std::size_t features,
                 std::vector<double>& slopes) const {
    const std::size_t partner = (i + rows / 2) % rows;
    double sum = 0;
    for (std::size_t j = 0; j < rows; ++j) {
      double product = 0;
      for (std::size_t k = 0; k < features; ++k) product += unit[i * features + k] * unit[j * features + k];
      slopes[i * rows + j] = j == i ? 0.0 : std::exp(product / temperature_);
      sum += slopes[i * rows + j];
    }
    const auto count = static_cast<double>(rows);
    const double loss = -std::log(slopes[i * rows + partner] / sum) / count;
    for (std::size_t j = 0; j < rows; ++j) {
      slopes[i * rows + j] = (slopes[i * rows + j] / sum - (j == partner ? 1.0 : 0.0)) / (temperature_ * count);
    }
    return loss;
  }

  double temperature_;
};

/// The rule with noise that is handed in.
class GivenNoise final : public TargetPropagation {
 public:
  GivenNoise(const TargetPropagationOptions& options, const RuleSetup& setup, double spread, std::vector<Tensor> noise)
      : TargetPropagation(options, setup), spread_(spread), noise_(std::move(noise)) {}

  Tensor noisy(int index) const {
    const Tensor activity = this->activity(index - 1);
    std::vector<double> values = values_of(activity);
    const std::vector<double> noise = values_of(noise_[static_cast<std::size_t>(index - 1)]);
    for (std::size_t i = 0; i < values.size(); ++i) values[i] += spread_ * noise[i];
    return tensor_of(activity.shape(), values, activity.dtype(), activity.device());
  }

 protected:
  void corrupt(const Tensor& /*activity*/, int index, const StepContext& /*context*/, Tensor& noisy) const override {
    copy(this->noisy(index), noisy);
  }

 private:
  double spread_;
  std::vector<Tensor> noise_;
};

struct Setting {
  Device device;
  DType dtype;
  double tolerance;         ///< of what the case states in full; its losses agree within 1e-5 always
  double change_tolerance;  ///< of target changes and what follows from them; looser where target and activity cancel
};

struct SettingName {
  std::string operator()(const ::testing::TestParamInfo<Setting>& setting) const {
    return fmt::format("{}_{}", name_of(setting.param.device), name_of(setting.param.dtype));
  }
};

class TargetPropagationReference : public ::testing::TestWithParam<Setting> {
 protected:
  void SetUp() override {
    arrays_ = reference_case("dtp");
    if (!arrays_) GTEST_SKIP() << testing::no_reference_arrays();
    SynapsesSetup setup;
    setup.device = GetParam().device;
    setup.dtype = GetParam().dtype;
    setup.optimizer = OptimizerRegistry::instance().make("sgd", {});
    network_ = std::make_unique<Network>(preset("tanh4"), Shape{32, 32, 3}, setup);
    loss_ = std::make_unique<MeanNtXent>(setting("temperature"));
    std::vector<Tensor> noise;
    for (int layer = 1; layer < depth; ++layer) noise.push_back(batch(fmt::format("noise_{}", layer)));
    TargetPropagationOptions options;
    options.eta = setting("target_step");
    options.inverse_learning_rate = 0.0;
    images_ = batch("images");
    const RuleSetup rule_setup{*network_, testing::borrowed(*loss_), images_.extent(0) / 2, 1, 1};
    rule_ = std::make_unique<GivenNoise>(options, rule_setup, setting("noise_std"), noise);
    for (int index = 0; index <= depth; ++index) set(forward(index), fmt::format("forward_{{}}_{}", index + 1));
    for (int index = 1; index < depth; ++index) {
      set(rule_->inverse(index).synapses(), fmt::format("feedback_{{}}_{}", index + 1));
    }
    totals_ = Tensor({2}, DType::float64, setup.device);
    rule_->step(images_, {.epoch = 0, .batch = 0, .learning_rate = 0.0, .labels = {}}, totals_);
  }

  double setting(const char* name) const { return arrays_->settings().at(name).get<double>(); }
  /// The synapses of a block or, behind them, of the head.
  Synapses& forward(int index) {
    return index == depth ? network_->head(depth - 1).synapses() : network_->block(index).synapses();
  }
  void set(Synapses& synapses, const std::string& name) {
    Tensor weights = synapses.weights().values();
    Tensor bias = synapses.bias();
    copy(weights_of(fmt::format(fmt::runtime(name), "weight")), weights);
    copy(array(fmt::format(fmt::runtime(name), "bias")), bias);
    synapses.restored();
  }

  Tensor array(const std::string& name) const { return arrays_->array(name, GetParam().device, GetParam().dtype); }
  static Tensor channels_last(const Tensor& first) {
    return first.dtype() == DType::float64 ? testing::channels_last<double>(first)
                                           : testing::channels_last<float>(first);
  }
  /// A weight-shaped array in our layout; the head's as a map first, so that its channels can be moved.
  Tensor weights_of(const std::string& name) const {
    const Tensor stored = array(name);
    if (stored.shape().rank() == 4) return channels_last(stored);
    return channels_last(stored.reshaped({64, 256, 2, 2})).reshaped({64, 1024});
  }
  /// An array by image, in our layout: it holds the two views of an image side by side, we hold first all views 0.
  Tensor batch(const std::string& name) const {
    const Tensor stored = array(name);
    const Tensor parallel_runs = stored.shape().rank() == 4 ? channels_last(stored) : stored;
    const std::int64_t rows = stored.extent(0);
    Tensor apart = parallel_runs.clone();
    for (std::int64_t row = 0; row < rows; ++row) {
      const std::int64_t from = row < rows / 2 ? 2 * row : 2 * (row - rows / 2) + 1;
      Tensor to = apart.rows(row, row + 1);
      copy(parallel_runs.rows(from, from + 1), to);
    }
    return apart;
  }
  static double mean_square(const std::vector<double>& values) {
    double sum = 0;
    for (const double value : values) sum += value * value;
    return sum / static_cast<double>(values.size());
  }

  std::optional<testing::ReferenceCase> arrays_;
  std::unique_ptr<Network> network_;
  std::unique_ptr<Loss> loss_;
  std::unique_ptr<GivenNoise> rule_;
  Tensor images_, totals_;
};

TEST_P(TargetPropagationReference, ActivitiesAndLossAgree) {
  const double tolerance = GetParam().tolerance;
  for (int index = 0; index < depth; ++index) {
    EXPECT_LE(relative_error(rule_->activity(index), batch(fmt::format("activity_{}", index + 1))), tolerance);
  }
  const Tensor expected = batch("activity_5");
  Tensor embeddings(expected.shape(), expected.dtype(), expected.device());
  network_->head(depth - 1).forward(rule_->activity(depth - 1), embeddings);
  EXPECT_LE(relative_error(embeddings, expected), tolerance);
  EXPECT_NEAR(totals_.data<double>()[0] / setting("loss"), 1.0, 1e-5);
}

TEST_P(TargetPropagationReference, TargetsAgree) {
  for (int index = 0; index < depth; ++index) {
    const std::vector<double> change = values_of(rule_->target_difference(index));
    std::vector<double> target = values_of(rule_->activity(index));
    for (std::size_t i = 0; i < target.size(); ++i) target[i] += change[i];
    EXPECT_LE(relative_error(change, values_of(batch(fmt::format("target_change_{}", index + 1)))),
              GetParam().change_tolerance);
    EXPECT_LE(relative_error(target, values_of(batch(fmt::format("target_{}", index + 1)))), GetParam().tolerance);
    const double local_loss = arrays_->settings().at("local_losses").at(static_cast<std::size_t>(index)).get<double>();
    EXPECT_NEAR(mean_square(change) / local_loss, 1.0, GetParam().change_tolerance) << "block " << index;
  }
}

TEST_P(TargetPropagationReference, ForwardUpdatesAgree) {
  for (int index = 0; index <= depth; ++index) {
    const double tolerance = index == depth ? GetParam().tolerance : GetParam().change_tolerance;
    EXPECT_LE(relative_error(forward(index).weight_update(), weights_of(fmt::format("forward_update_{}", index + 1))),
              tolerance)
        << "layer " << index + 1;
    EXPECT_LE(relative_error(forward(index).bias_update(), array(fmt::format("forward_bias_update_{}", index + 1))),
              tolerance)
        << "layer " << index + 1;
  }
}

TEST_P(TargetPropagationReference, InversesAgree) {
  for (int index = 1; index < depth; ++index) {
    const Synapses& synapses = rule_->inverse(index).synapses();
    const std::string number = std::to_string(index + 1);
    EXPECT_LE(relative_error(synapses.weight_update(), weights_of("feedback_update_" + number)), GetParam().tolerance);
    EXPECT_LE(relative_error(synapses.bias_update(), array("feedback_bias_update_" + number)), GetParam().tolerance);
    const Tensor input = rule_->noisy(index);
    Activity activity =
        network_->block(index).make_activity(input.extent(0), network_->setup().dtype, network_->setup().device);
    network_->block(index).forward(input, activity, Mode::evaluation);
    Tensor guess(input.shape(), input.dtype(), input.device());
    rule_->inverse(index).forward(activity.output, guess);
    std::vector<double> difference = values_of(guess);
    const std::vector<double> wanted = values_of(input);
    for (std::size_t i = 0; i < wanted.size(); ++i) difference[i] -= wanted[i];
    const auto& losses = arrays_->settings().at("inverse_losses");
    EXPECT_NEAR(mean_square(difference) / losses.at(static_cast<std::size_t>(index - 1)).get<double>(), 1.0, 1e-5);
  }
}

INSTANTIATE_TEST_SUITE_P(All, TargetPropagationReference,
                         ::testing::Values(Setting{Device::reference, DType::float64, 1e-5, 1e-5},
                                           Setting{Device::reference, DType::float32, 1e-4, 2e-4},
                                           Setting{Device::cpu, DType::float32, 1e-4, 2e-4}),
                         SettingName());

}  // namespace
}  // namespace biossl
