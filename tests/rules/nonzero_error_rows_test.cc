#include "biossl/rules/nonzero_error_rows.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "tests/rules/small_job.h"
#include "tests/support/devices.h"
#include "tests/support/tensors.h"

namespace biossl {
namespace {

using namespace biossl::testing;

/// Errors (rows, 3), those of the rows in `active` being the row's number + 1, the others zero.
Tensor errors_of(std::int64_t rows, const std::set<std::int64_t>& active, Device device) {
  std::vector<double> values(static_cast<std::size_t>(3 * rows), 0.0);
  for (const std::int64_t row : active) values[static_cast<std::size_t>(3 * row + 1)] = static_cast<double>(row + 1);
  return tensor_of({rows, 3}, values, DType::float32, device);
}

/// The rows of an error tensor that are not zero among [begin, end), by their number.
std::set<std::int64_t> active_in(const Tensor& errors, std::int64_t begin, std::int64_t end) {
  std::set<std::int64_t> active;
  const std::vector<double> values = values_of(errors);
  for (std::int64_t row = begin; row < end; ++row) {
    const auto value = static_cast<std::int64_t>(values[static_cast<std::size_t>(3 * row + 1)]);
    if (value == 0) continue;
    EXPECT_TRUE(active.insert(value - 1).second) << "row " << value - 1 << " stands there twice";
  }
  return active;
}

std::set<std::int64_t> part_of(const std::set<std::int64_t>& all, std::int64_t begin, std::int64_t end) {
  return {all.lower_bound(begin), all.lower_bound(end)};
}

class LearningRowsOn : public ::testing::TestWithParam<Device> {};

TEST_P(LearningRowsOn, BringsTheRowsWithAnErrorTogetherAndKeepsTheViewsApart) {
  constexpr std::int64_t pairs = 40;
  Random random(1, Purpose::sample);
  for (const bool both : {false, true}) {
    for (int round = 0; round < 30; ++round) {
      const std::int64_t rows = both ? 2 * pairs : pairs;
      const std::int64_t border = both ? pairs : 0;
      std::set<std::int64_t> active;
      for (std::int64_t row = 0; row < rows; ++row) {
        if (random.below(30) < static_cast<std::uint32_t>(round)) active.insert(row);
      }
      Tensor errors = errors_of(rows, active, GetParam());
      NonzeroErrorRows learning(pairs, GetParam());
      learning.find(errors, border);
      const std::int64_t begin = learning.begin();
      const std::int64_t end = learning.end();
      ASSERT_TRUE(0 <= begin && begin <= border && border < end && end <= rows) << begin << " " << end;
      Tensor range = poisoned({end - begin, 3}, DType::float32, GetParam());
      learning.gather(errors, range);
      EXPECT_EQ(active_in(range, 0, end - begin), active);
      learning.gather(errors);
      EXPECT_EQ(values_of(errors.rows(begin, end)), values_of(range));
      EXPECT_EQ(active_in(errors, begin, border), part_of(active, 0, border));
      EXPECT_EQ(active_in(errors, border, end), part_of(active, border, rows));
      EXPECT_EQ(learning.leaves_rows_out(), end - begin < rows);
    }
  }
}

TEST_P(LearningRowsOn, RoundsUpToFewSizes) {
  constexpr std::int64_t pairs = 320;
  std::set<std::int64_t> sizes;
  NonzeroErrorRows learning(pairs, GetParam());
  for (std::int64_t count = 0; count <= pairs; ++count) {
    std::set<std::int64_t> active;
    for (std::int64_t row = 0; row < count; ++row) active.insert(pairs - 1 - row);
    learning.find(errors_of(pairs, active, GetParam()), 0);
    EXPECT_GE(learning.end() - learning.begin(), std::max<std::int64_t>(count, 1));
    EXPECT_LT(learning.end() - learning.begin(), count + 11);
    sizes.insert(learning.end() - learning.begin());
  }
  EXPECT_EQ(sizes.size(), 32U);
}

INSTANTIATE_TEST_SUITE_P(All, LearningRowsOn, ::testing::Values(Device::reference, Device::cpu), DeviceName());

TEST(LearningRowsOnAGpu, AreAllThatThereAreForToLookWouldBeToWait) {
  if (accelerator::count() == 0) GTEST_SKIP() << "there is no GPU";
  NonzeroErrorRows learning(5, Device::cuda);
  Tensor errors = errors_of(10, {7}, Device::cuda);
  learning.find(errors, 5);
  EXPECT_EQ(learning.begin(), 0);
  EXPECT_EQ(learning.end(), 10);
  EXPECT_FALSE(learning.leaves_rows_out());
  learning.gather(errors);
  EXPECT_EQ(active_in(errors, 0, 10), std::set<std::int64_t>{7});
}

struct SilentOptions {
  double instead_of_zero = 0;
  bool stops_gradient = false;
  std::int64_t every = 3;

  template <class Visitor>
  void visit(Visitor& field) {
    field("instead_of_zero", instead_of_zero, "the error of an image that has none");
    field("stops_gradient", stops_gradient, "no error reaches view 0");
    field("every", every, "every so many images have an error");
  }
};

/// Half a weighted sum of the squared embeddings of every third image or so: the others have an error of zero, or of
/// next to nothing.
class SilentLoss final : public Loss {
 public:
  SilentLoss(const SilentOptions& options, const LossSetup& /*shape*/) : options_(options) {}

  void evaluate(const Tensor& embeddings, const StepContext& /*context*/, Tensor& errors, Tensor& totals) override {
    const Tensor activity = on_device(embeddings, Device::reference);
    Tensor host_errors = on_device(errors, Device::reference);
    Tensor host_totals = on_device(totals, Device::reference);
    if (embeddings.dtype() == DType::float64) {
      sum<double>(activity, host_errors, host_totals);
    } else {
      sum<float>(activity, host_errors, host_totals);
    }
    copy(host_errors, errors);
    copy(host_totals, totals);
  }
  bool stops_gradient() const override { return options_.stops_gradient; }
  Plausibility plausibility() const override { return {}; }

 private:
  template <class T>
  void sum(const Tensor& embeddings, Tensor& errors, Tensor& totals) const {
    const std::int64_t rows = embeddings.extent(0);
    const std::int64_t features = embeddings.extent(1);
    for (std::int64_t row = options_.stops_gradient ? rows / 2 : 0; row < rows; ++row) {
      const bool speaks = options_.every > 0 && row % options_.every == 0;
      const double weight = speaks ? 1.0 : options_.instead_of_zero;
      for (std::int64_t k = 0; k < features; ++k) {
        const auto value = static_cast<double>(embeddings.data<T>()[row * features + k]);
        const double error = weight * static_cast<double>(1 + k) * value;
        errors.data<T>()[row * features + k] = static_cast<T>(error);
        totals.data<double>()[0] += error * value / 2;
      }
      if (row >= rows / 2 && weight != 0) ++totals.data<double>()[1];
    }
  }

  SilentOptions options_;
};

const Registration<LossRegistry, SilentLoss, SilentOptions> registration("silent", "a loss of the tests");

struct Way {
  const char* name;
  const char* rule;
  bool stops_gradient;
  const char* head;
  std::int64_t every;
  std::int64_t average_pool = 1;  // of the head "mlp"
};

/// A head that keeps what it makes of each row has to make it anew once rows have changed places.
HeadSpec head_of(const Way& way, HeadSpec head) {
  head.kind = way.head;
  if (head.kind != "mlp") return head;
  head.settings = {{"features", std::int64_t{10}},
                   {"hidden", std::int64_t{7}},
                   {"layers", std::int64_t{3}},
                   {"average_pool", way.average_pool},
                   {"activation", std::string("tanh")}};
  return head;
}

/// Updates of every layer, those of a head of several layers among them.
std::vector<double> updates_of_layers(Network& network) {
  std::vector<double> all;
  network.each_layer([&](const std::string&, const Synapses& synapses) {
    const std::vector<double> more = updates(synapses);
    all.insert(all.end(), more.begin(), more.end());
  });
  return all;
}

class SilentImages : public ComputesOnDevice<Way> {};

// An error of 1e-30 is an error, so every image goes down the chain; it is none that shows in a sum.
TEST_P(SilentImages, AddNothingAndAreLeftOut) {
  const auto& [way, dtype, device] = GetParam();
  const bool on_hosts_only = way.head == std::string("patch_prediction");
  if (on_hosts_only && device == Device::cuda) GTEST_SKIP() << "this head is for host devices";
  std::vector<std::vector<double>> updated;
  for (const double instead_of_zero : {0.0, 1e-30}) {
    SmallJob job;
    job.device = device;
    job.dtype = dtype;
    job.rule_kind = way.rule;
    job.optimizer = "adam";
    job.loss_kind = "silent";
    job.loss_settings = {
        {"instead_of_zero", instead_of_zero}, {"stops_gradient", way.stops_gradient}, {"every", way.every}};
    job.spec.head = head_of(way, job.spec.head);
    Work work(job);
    std::vector<double> all;
    for (const std::int64_t epoch : work.rule().sample_epochs()) {
      work.step(small_images(small_pairs, dtype, device), 1e-3, epoch);
      const std::vector<double> step = updates_of_layers(work.network());
      all.insert(all.end(), step.begin(), step.end());
    }
    work.network().each_layer(
        [](const std::string& layer, const Synapses& synapses) { EXPECT_EQ(synapses.steps(), 1) << layer; });
    updated.push_back(all);
  }
  if (way.every == 0) {
    EXPECT_EQ(updated[0], std::vector<double>(updated[0].size(), 0.0));
  } else {
    EXPECT_LT(relative_error(updated[0], updated[1]), tolerance(dtype));
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, SilentImages,
    ::testing::Combine(
        ::testing::Values(Way{"e2e", "e2e", false, "linear", 3}, Way{"e2e_block", "e2e", true, "linear", 3},
                          Way{"e2e_prediction", "e2e", false, "prediction", 3},
                          Way{"e2e_nothing", "e2e", false, "linear", 0},
                          Way{"e2e_prediction_nothing", "e2e", false, "prediction", 0},
                          Way{"e2e_mlp", "e2e", false, "mlp", 3}, Way{"e2e_mlp_pooled", "e2e", false, "mlp", 3, 2},
                          Way{"e2e_mlp_block", "e2e", true, "mlp", 3, 2},
                          Way{"e2e_patch_prediction", "e2e", false, "patch_prediction", 3},
                          Way{"gll", "gll", false, "linear", 4}, Way{"gll_block", "gll", true, "linear", 2},
                          Way{"gll_prediction", "gll", false, "prediction", 4},
                          Way{"gll_mlp_block", "gll", true, "mlp", 2, 2}, Way{"rll_block", "rll", true, "linear", 3}),
        ::testing::ValuesIn(activity_types()), ::testing::ValuesIn(all_devices())),
    OnDeviceName());

}  // namespace
}  // namespace biossl
