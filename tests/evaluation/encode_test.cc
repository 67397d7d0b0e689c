#include "biossl/evaluation/encode.h"

#include <gtest/gtest.h>

#include <memory>
#include <utility>

#include "biossl/data/memory_images.h"
#include "biossl/evaluation/whole_images.h"
#include "tests/rules/small_job.h"
#include "tests/support/tensors.h"

namespace biossl {
namespace {

using testing::relative_error;
using testing::SmallJob;
using testing::values_of;
using testing::Work;

constexpr std::int64_t count = 130;  // a batch and a short one

Tensor bytes(const Shape& image) {
  Tensor pixels(batch_of(count, image), DType::uint8, Device::cpu);
  const auto span = pixels.span<std::uint8_t>();
  for (std::size_t i = 0; i < span.size(); ++i) span[i] = static_cast<std::uint8_t>(i * 7919 % 251);
  return pixels;
}

/// What a reader's images are encoded to, all of them.
Tensor encoded(Network& network, std::optional<int> block, FeatureReader& reader) {
  Tensor all(encoded_shape(network, block, count), DType::float32, Device::cpu);
  encode(network, block, reader, [&](std::int64_t first, const Tensor& values) {
    Tensor rows = all.rows(first, first + values.extent(0));
    copy(values, rows);
  });
  return all;
}

TEST(Encode, BytesAndTheirNumbersAreEncodedAlike) {
  for (const auto& [device, dtype] :
       {std::pair(Device::cpu, DType::float32), std::pair(Device::reference, DType::float64)}) {
    Work work(SmallJob{.device = device, .dtype = dtype});
    Network& network = work.network();
    const Tensor pixels = bytes(network.image());
    const std::unique_ptr<Dataset> images = dataset_of({.pixels = pixels});
    WholeImages whole(*images, count, DType::float32, Device::cpu);
    const Tensor numbers = whole(0);
    const int last = network.depth() - 1;
    for (const std::optional<int> block : {std::optional<int>(1), std::optional<int>()}) {
      FeatureReader of_bytes(network, {block.value_or(last)}, *images);
      FeatureReader of_numbers(network, {block.value_or(last)}, numbers);
      const Tensor one = encoded(network, block, of_bytes);
      const Tensor other = encoded(network, block, of_numbers);
      EXPECT_LT(relative_error(values_of(one), values_of(other)), 1e-6) << name_of(dtype);
      EXPECT_GT(largest_magnitude(one), 0) << name_of(dtype);
    }
  }
}

}  // namespace
}  // namespace biossl
