#include <gtest/gtest.h>

#include "biossl/ops/ops.h"
#include "tests/support/devices.h"
#include "tests/support/tensors.h"

namespace biossl {
namespace {

using namespace biossl::testing;

struct ArithmeticCase {
  std::string name;
  Shape shape;
};

/// One odd size, and one that several threads share.
const std::vector<ArithmeticCase> sizes{{"small", {3, 37}}, {"large", {5, 3, 3, 1037}}};

class ArithmeticOn : public ::testing::TestWithParam<OnDevice<ArithmeticCase>> {
 protected:
  const ArithmeticCase each = std::get<0>(GetParam());
  const DType dtype = std::get<1>(GetParam());
  const Device device = std::get<2>(GetParam());
  const Tensor a = random_tensor(each.shape, dtype, Device::reference, 1);
  const Tensor b = random_tensor(each.shape, dtype, Device::reference, 2);
};

TEST_P(ArithmeticOn, AddScaledEqualsReference) {
  for (const double scale : {1.0, -1.0, 0.37}) {
    Tensor expected = poisoned(each.shape, dtype, Device::reference);
    Tensor ours = poisoned(each.shape, dtype, device);
    ops::add_scaled(a, scale, b, expected);
    ops::add_scaled(on(device, a), scale, on(device, b), ours);
    EXPECT_LT(relative_error(ours, expected), tolerance(dtype)) << scale;
    Tensor in_place = on(device, a).clone();
    ops::add_scaled(in_place, scale, on(device, b), in_place);
    EXPECT_EQ(values_of(in_place), values_of(ours)) << scale;
    in_place = on(device, b).clone();
    ops::add_scaled(on(device, a), scale, in_place, in_place);
    EXPECT_EQ(values_of(in_place), values_of(ours)) << scale;
  }
}

TEST_P(ArithmeticOn, ApplySignsEqualsReference) {
  Tensor expected = poisoned(each.shape, dtype, Device::reference);
  Tensor ours = poisoned(each.shape, dtype, device);
  ops::apply_signs(a, b, expected);
  ops::apply_signs(on(device, a), on(device, b), ours);
  EXPECT_EQ(values_of(ours), values_of(expected));
  Tensor in_place = on(device, b).clone();
  ops::apply_signs(on(device, a), in_place, in_place);
  EXPECT_EQ(values_of(in_place), values_of(expected));
}

INSTANTIATE_TEST_SUITE_P(All, ArithmeticOn,
                         ::testing::Combine(::testing::ValuesIn(sizes), ::testing::ValuesIn(activity_types()),
                                            ::testing::ValuesIn(compared_devices())),
                         OnDeviceName());

class ArithmeticDevice : public ::testing::TestWithParam<Device> {};

TEST_P(ArithmeticDevice, AddingNothingChangesNothing) {
  const Tensor a = random_tensor({1000}, DType::float32, GetParam(), 1);
  Tensor dst = poisoned({1000}, DType::float32, GetParam());
  ops::add_scaled(a, 1.0, Tensor({1000}, DType::float32, GetParam()), dst);
  EXPECT_EQ(values_of(dst), values_of(a));
}

TEST_P(ArithmeticDevice, SignsAreApplied) {
  const Tensor magnitudes = tensor_of({6}, {2, -3, 4, -5, 6, 0}, DType::float32, GetParam());
  const Tensor signs = tensor_of({6}, {0.1, 1e-30, -7, -1e-30, 0, -1}, DType::float32, GetParam());
  Tensor dst = poisoned({6}, DType::float32, GetParam());
  ops::apply_signs(magnitudes, signs, dst);
  EXPECT_EQ(values_of(dst), (std::vector<double>{2, 3, -4, -5, 0, 0}));
  ops::apply_signs(magnitudes, tensor_of({6}, std::vector<double>(6, -0.0), DType::float32, GetParam()), dst);
  EXPECT_EQ(values_of(dst), std::vector<double>(6, 0.0));
}

INSTANTIATE_TEST_SUITE_P(All, ArithmeticDevice, ::testing::ValuesIn(all_devices()), DeviceName());

}  // namespace
}  // namespace biossl
