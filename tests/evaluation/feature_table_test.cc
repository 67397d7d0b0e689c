#include "biossl/evaluation/feature_table.h"

#include <gtest/gtest.h>

#include "biossl/ops/ops.h"
#include "tests/support/devices.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/tensors.h"

namespace biossl {
namespace {

using namespace biossl::testing;

/// What a table holds, read row after row in this order.
std::vector<double> read_back(const FeatureTable& table, const std::vector<std::int32_t>& order, std::int64_t batch) {
  std::vector<double> values;
  BatchReader reader(table, batch);
  reader.read(indices_of(order, table.device()), [&](const FeatureBatch& rows) {
    EXPECT_LE(rows.numbers.size(), batch);
    Tensor gathered({rows.places.size(), table.extent(1)}, table.dtype(), table.device());
    ops::gather_rows(rows.values, rows.places, gathered);
    const std::vector<double> some = values_of(gathered);
    values.insert(values.end(), some.begin(), some.end());
  });
  return values;
}

class FeatureTableOn : public ::testing::TestWithParam<Device> {};

TEST_P(FeatureTableOn, MemoryAndFileHoldTheSameRows) {
  const TemporaryFolder folder;
  const Tensor maps = random_tensor({9, 2, 3, 4}, DType::float32, GetParam(), 1);
  const std::vector<std::int32_t> order{8, 0, 3, 3, 7, 1, 2};
  for (const DType dtype : activity_types()) {
    FeatureTable memory({9, 24}, {.dtype = dtype}, GetParam());
    const FeatureStorage in_file{.dtype = dtype, .folder = folder.path()};
    if (GetParam() == Device::cuda) {
      EXPECT_THROW(FeatureTable({9, 24}, in_file, GetParam()), std::invalid_argument);
    }
    FeatureTable file = GetParam() == Device::cuda ? memory : FeatureTable({9, 24}, in_file, GetParam());
    for (FeatureTable* table : {&memory, &file}) {
      table->write(4, maps.rows(4, 9));
      table->write(0, maps.rows(0, 4));
    }
    Tensor rounded(maps.shape(), dtype, GetParam());
    ops::convert(maps, rounded);
    Tensor expected(maps.shape().with_rows(7), dtype, GetParam());
    ops::gather_rows(rounded, indices_of(order, GetParam()), expected);
    EXPECT_EQ(read_back(memory, order, 3), values_of(expected));
    EXPECT_EQ(read_back(file, order, 3), values_of(expected));
    EXPECT_FALSE(memory.in_memory().empty());
    EXPECT_EQ(file.in_memory().empty(), GetParam() != Device::cuda);
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder.path())) << "the file has no name";
}

INSTANTIATE_TEST_SUITE_P(All, FeatureTableOn, ::testing::ValuesIn(all_devices()), DeviceName());

TEST(FeatureTable, NoRoomIsSaidBeforeAnythingIsWritten) {
  const TemporaryFolder folder;
  const FeatureStorage kept{.dtype = DType::bfloat16, .folder = folder.path()};
  EXPECT_THROW(FeatureTable({std::int64_t{1} << 40, std::int64_t{1} << 18}, kept, Device::cpu), std::runtime_error);
  EXPECT_THROW(FeatureTable(Tensor({2, 2, 2}, DType::float32, Device::cpu)), std::invalid_argument);
}

}  // namespace
}  // namespace biossl
