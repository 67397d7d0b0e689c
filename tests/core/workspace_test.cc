#include "biossl/core/workspace.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace biossl {
namespace {

TEST(Workspace, LaysTensorsOutSideBySideAndAligned) {
  Tensor bytes, halves, floats;
  const auto lay_out = [&](Workspace& workspace) {
    bytes = workspace.take({3}, DType::uint8);
    halves = workspace.take({5, 2}, DType::bfloat16);
    floats = workspace.take({2, 7}, DType::float32);
  };
  const Workspace workspace = Workspace::fit(Device::cpu, lay_out);
  EXPECT_EQ(workspace.bytes(), 3 * 64U);
  EXPECT_EQ(halves.raw() - bytes.raw(), 64);
  EXPECT_EQ(floats.raw() - bytes.raw(), 128);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(bytes.raw()) % 64, 0U);
  EXPECT_EQ(halves.shape(), (Shape{5, 2}));
  EXPECT_EQ(halves.dtype(), DType::bfloat16);
  EXPECT_EQ(floats.span<float>().size(), 14U);
}

TEST(Workspace, LayoutsThatStartOverShareTheMemoryOfTheLargest) {
  Tensor first, second;
  const auto lay_out = [&](Workspace& workspace) {
    first = workspace.take({100}, DType::float32);
    workspace.start_over();
    workspace.take({16}, DType::float32);
    second = workspace.take({16}, DType::float32);
  };
  EXPECT_EQ(Workspace::fit(Device::cpu, lay_out).bytes(), 448U);  // 400, rounded up
  EXPECT_EQ(second.raw() - first.raw(), 64);
  first.data<float>()[16] = 5.0F;
  EXPECT_EQ(second.data<float>()[0], 5.0F);
}

TEST(Workspace, RefusesMoreThanWasCounted) {
  int calls = 0;
  const auto grow = [&](Workspace& workspace) { workspace.take({64 * ++calls}, DType::float32); };
  EXPECT_THROW(Workspace::fit(Device::cpu, grow), std::invalid_argument);
}

}  // namespace
}  // namespace biossl
