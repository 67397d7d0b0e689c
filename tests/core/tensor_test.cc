#include "biossl/core/tensor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>

namespace biossl {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;

Tensor counting(const Shape& shape) {
  Tensor tensor(shape, DType::float32, Device::cpu);
  float next = 0;
  for (float& element : tensor.span<float>()) element = next++;
  return tensor;
}

TEST(Shape, CountsElements) {
  EXPECT_EQ((Shape{2, 3, 4}).size(), 24);
  EXPECT_EQ((Shape{2, 3, 4}).row_size(), 12);
  EXPECT_EQ(Shape{}.size(), 1);
  EXPECT_EQ((Shape{0, 5}).size(), 0);
  EXPECT_EQ((Shape{2, 3}).with_rows(7), (Shape{7, 3}));
  EXPECT_NE((Shape{2, 3}), (Shape{2, 3, 1}));
  EXPECT_EQ(to_string(Shape{500, 32, 32, 3}), "(500, 32, 32, 3)");
  EXPECT_EQ(to_string(Shape{}), "()");
  constexpr std::int64_t huge = std::int64_t{1} << 31;
  EXPECT_THROW((Shape{huge, huge, huge, huge}), std::invalid_argument);
  EXPECT_THROW((Shape{0, huge, huge}), std::invalid_argument) << "with_rows would overflow";
  EXPECT_THROW((Shape{1, huge}).with_rows(huge), std::invalid_argument);
}

TEST(Shape, RefusesWhatCannotBe) {
  EXPECT_THROW((Shape{1, 2, 3, 4, 5}), std::invalid_argument);
  EXPECT_THROW((Shape{2, -1}), std::invalid_argument);
  EXPECT_THROW(Shape{}.with_rows(1), std::invalid_argument);
}

TEST(Tensor, StartsAsAlignedZeros) {
  const Tensor small({3, 5}, DType::float32, Device::cpu);
  const Tensor large({1 << 21}, DType::float32, Device::cpu);
  EXPECT_THAT(small.span<float>(), Each(0.0F));
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(small.raw()) % 64, 0U);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(large.raw()) % 64, 0U);
  EXPECT_EQ(small.bytes(), 60U);
}

TEST(Tensor, EmptyStandsForAbsent) {
  const Tensor absent;
  EXPECT_TRUE(absent.empty());
  EXPECT_EQ(absent.size(), 0);
  EXPECT_EQ(absent.data<float>(), nullptr);
  EXPECT_FALSE(Tensor({0, 4}, DType::float32, Device::cpu).empty());
}

TEST(Tensor, CopiesShareAndClonesDoNot) {
  Tensor tensor = counting({2, 2});
  const Tensor shared = tensor;
  const Tensor clone = tensor.clone();
  tensor.data<float>()[3] = 9;
  EXPECT_THAT(shared.span<float>(), ElementsAre(0, 1, 2, 9));
  EXPECT_THAT(clone.span<float>(), ElementsAre(0, 1, 2, 3));
}

TEST(Tensor, ViewsShareTheirStorage) {
  const Tensor tensor = counting({4, 3});
  Tensor rows = tensor.rows(1, 3);
  EXPECT_EQ(rows.shape(), (Shape{2, 3}));
  EXPECT_THAT(rows.span<float>(), ElementsAre(3, 4, 5, 6, 7, 8));
  EXPECT_THAT(rows.rows(1, 2).span<float>(), ElementsAre(6, 7, 8));
  EXPECT_THAT(rows.reshaped({3, 2}).part(4, {2}).span<float>(), ElementsAre(7, 8));
  EXPECT_EQ(tensor.rows(2, 2).size(), 0);
  rows.fill_zero();
  EXPECT_THAT(tensor.span<float>(), ElementsAre(0, 1, 2, 0, 0, 0, 0, 0, 0, 9, 10, 11));
}

TEST(Tensor, RefusesViewsThatReachOutside) {
  const Tensor tensor = counting({4, 3});
  EXPECT_THROW(tensor.rows(2, 5), std::invalid_argument);
  EXPECT_THROW(tensor.rows(3, 2), std::invalid_argument);
  EXPECT_THROW(tensor.reshaped({5, 2}), std::invalid_argument);
  EXPECT_THROW(tensor.part(10, {3}), std::invalid_argument);
  EXPECT_THROW(tensor.rows(1, 2).part(1, {3}), std::invalid_argument);
  EXPECT_THROW(Tensor().rows(0, 0), std::invalid_argument);
}

TEST(Tensor, KnowsItsType) {
  const Tensor tensor({2}, DType::int32, Device::cpu);
  EXPECT_NE(tensor.data<std::int32_t>(), nullptr);
  EXPECT_THROW(tensor.data<float>(), std::invalid_argument);
  EXPECT_THROW(Tensor({100}, DType::float64, Device::cpu), std::invalid_argument);
  EXPECT_NO_THROW(Tensor({100}, DType::float64, Device::reference));
}

TEST(Tensor, CopyNeedsEqualShapeAndType) {
  Tensor to({2, 2}, DType::float32, Device::reference);
  copy(counting({2, 2}), to);
  EXPECT_THAT(to.span<float>(), ElementsAre(0, 1, 2, 3));
  EXPECT_THROW(copy(counting({4}), to), std::invalid_argument);
  Tensor whole({2, 2}, DType::int32, Device::cpu);
  EXPECT_THROW(copy(counting({2, 2}), whole), std::invalid_argument);
}

TEST(Bfloat16, RoundsToNearestEven) {
  const auto rounded = [](float value) { return static_cast<float>(bfloat16(value)); };
  const float step = 0x1p-7F;
  EXPECT_EQ(rounded(1.0F + step), 1.0F + step);
  EXPECT_EQ(rounded(1.0F + 0.49F * step), 1.0F);
  EXPECT_EQ(rounded(1.0F + 0.5F * step), 1.0F);
  EXPECT_EQ(rounded(1.0F + 1.5F * step), 1.0F + 2 * step);
  EXPECT_EQ(rounded(-1.0F - 0.51F * step), -1.0F - step);
  EXPECT_EQ(rounded(std::numeric_limits<float>::infinity()), std::numeric_limits<float>::infinity());
  EXPECT_EQ(rounded(std::numeric_limits<float>::max()), std::numeric_limits<float>::infinity());
  EXPECT_NE(rounded(std::numeric_limits<float>::quiet_NaN()), rounded(std::numeric_limits<float>::quiet_NaN()));
}

TEST(Tensor, TheLargestMagnitudeIsNotFiniteWhereOneIsNot) {
  for (const DType dtype : {DType::float32, DType::bfloat16, DType::float64}) {
    Tensor tensor({3}, dtype, Device::reference);
    const auto set = [&](int i, double value) {
      if (dtype == DType::float32) tensor.data<float>()[i] = static_cast<float>(value);
      if (dtype == DType::bfloat16) tensor.data<bfloat16>()[i] = bfloat16(static_cast<float>(value));
      if (dtype == DType::float64) tensor.data<double>()[i] = value;
    };
    EXPECT_EQ(largest_magnitude(tensor), 0);
    set(1, -4);
    set(2, 2);
    EXPECT_EQ(largest_magnitude(tensor), 4);
    set(0, std::numeric_limits<double>::infinity());
    EXPECT_TRUE(std::isinf(largest_magnitude(tensor)));
    set(0, std::numeric_limits<double>::quiet_NaN());
    EXPECT_TRUE(std::isnan(largest_magnitude(tensor)));
  }
  EXPECT_THROW(largest_magnitude(Tensor({1}, DType::int32, Device::reference)), std::invalid_argument);
}

}  // namespace
}  // namespace biossl
