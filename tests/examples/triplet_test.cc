#include <gtest/gtest.h>

#include <cmath>

#include "tests/rules/small_job.h"
#include "tests/support/devices.h"
#include "tests/support/tensors.h"

namespace biossl {
namespace {

using testing::poisoned;
using testing::random_tensor;
using testing::relative_error;
using testing::tensor_of;
using testing::values_of;

constexpr std::int64_t pairs = 7;
constexpr std::int64_t features = 5;

std::unique_ptr<Loss> triplet(DType dtype, Device device, double margin = 1.0) {
  const LossSetup shape{pairs, features, dtype, device, 1};
  return LossRegistry::instance().make("triplet", {{"margin", margin}}, shape);
}

TEST(Triplet, FollowsItsFormula) {
  // Memories at 0 and 4; the second view moves between them.
  const auto loss = triplet(DType::float32, Device::cpu);
  const auto evaluate = [&](double now) {
    Tensor totals({2}, DType::float64, Device::cpu);
    Tensor errors = poisoned({4, 1}, DType::float32, Device::cpu);
    loss->evaluate(tensor_of({4, 1}, {0, 4, 9, now}, DType::float32, Device::cpu), {}, errors, totals);
    const std::vector<double> error = values_of(errors);
    EXPECT_TRUE(std::isnan(error[0]) && std::isnan(error[1])) << "no error reaches a memory";
    EXPECT_EQ(error[2], 0) << "the first view has none before it";
    return std::vector<double>{error[3], values_of(totals)[0], values_of(totals)[1]};
  };
  EXPECT_EQ(evaluate(1), (std::vector<double>{-2, 1 + 3 - 1, 1})) << "to its own at 4, from the other at 0";
  EXPECT_EQ(evaluate(2.5), (std::vector<double>{0, 0, 0})) << "nearer to its own by the margin";
  EXPECT_EQ(evaluate(4), (std::vector<double>{0, 0, 0}));
  EXPECT_EQ(evaluate(2.25), (std::vector<double>{-2, 0.5, 1}));
}

TEST(Triplet, ErrorIsTheNumericDerivative) {
  const auto loss = triplet(DType::float64, Device::reference);
  Tensor embeddings = random_tensor({2 * pairs, features}, DType::float64, Device::reference, 1);
  Tensor errors({2 * pairs, features}, DType::float64, Device::reference);
  const auto value = [&] {
    Tensor totals({2}, DType::float64, Device::reference);
    loss->evaluate(embeddings, {}, errors, totals);
    return totals.data<double>()[0];
  };
  Tensor now = embeddings.rows(pairs, 2 * pairs);
  const std::vector<double> expected = testing::numeric_derivative(now, value);
  EXPECT_GT(value(), 0);
  EXPECT_LT(relative_error(values_of(errors.rows(pairs, 2 * pairs)), expected), 1e-8);
}

TEST(Triplet, LearnsEndToEndOnTheHost) {
  for (const Device device : {Device::reference, Device::cpu}) {
    testing::Work work({.device = device, .loss_kind = "triplet", .loss_settings = {}});
    const Tensor images = testing::small_images(testing::small_pairs, DType::float32, device);
    const double first = work.step(images, 1e-3);
    double last = first;
    for (int step = 0; step < 40; ++step) last = work.step(images, 1e-3);
    EXPECT_LT(last, 0.9 * first) << name_of(device);
  }
}

TEST(Triplet, ImpossibleOptionsAreRefused) {
  EXPECT_THROW(triplet(DType::float32, Device::cpu, 0.0), std::invalid_argument);
  EXPECT_THROW(triplet(DType::float32, Device::cuda), std::invalid_argument);
}

}  // namespace
}  // namespace biossl
