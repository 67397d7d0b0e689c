#include "biossl/core/trait_function.h"

#include <gtest/gtest.h>

namespace biossl {
namespace {

int doubled(int number) { return 2 * number; }
int plus(const void* data, int number) { return number + *static_cast<const int*>(data); }

TEST(TraitFunction, IsNoneAFunctionOrOneWithData) {
  using Function = TraitFunction<int(int)>;
  static constexpr Function none;
  static constexpr Function lambda = [](int number) { return number - 1; };
  const int five = 5;
  EXPECT_TRUE(none == nullptr);
  EXPECT_FALSE(lambda == nullptr);
  EXPECT_EQ(lambda(3), 2);
  EXPECT_EQ(Function(&doubled)(3), 6);
  EXPECT_EQ(Function(&plus, &five)(3), 8);
}

}  // namespace
}  // namespace biossl
