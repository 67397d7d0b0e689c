#include "biossl/evaluation/nearest_neighbours.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "biossl/core/parallel.h"
#include "biossl/evaluation/knn_probe.h"
#include "biossl/ops/ops.h"
#include "tests/support/devices.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/tensors.h"

namespace biossl {
namespace {

using namespace biossl::testing;

/// All rows, the most similar first, by plain sums in double.
std::vector<Neighbour> plain_order(const Tensor& query, const Tensor& rows) {
  const std::vector<double> q = values_of(query), all = values_of(rows);
  std::vector<Neighbour> order;
  for (std::size_t n = 0; n < all.size() / q.size(); ++n) {
    double product = 0, length = 0, other = 0;
    for (std::size_t k = 0; k < q.size(); ++k) {
      const double x = all[n * q.size() + k];
      product += q[k] * x;
      length += q[k] * q[k];
      other += x * x;
    }
    order.push_back(
        {.row = static_cast<std::int32_t>(n), .similarity = static_cast<float>(product / std::sqrt(length * other))});
  }
  std::ranges::stable_sort(order, std::greater{}, &Neighbour::similarity);
  return order;
}

std::vector<std::vector<Neighbour>> search(const Tensor& queries, const Tensor& rows, std::int64_t k,
                                           std::int64_t piece) {
  NeighbourSearch neighbours(queries, k);
  for (std::int64_t first = 0; first < rows.extent(0); first += piece) {
    neighbours.show(first, rows.rows(first, std::min(first + piece, rows.extent(0))));
  }
  return neighbours.take();
}

class NeighbourSearchOn : public ::testing::TestWithParam<Device> {};

TEST_P(NeighbourSearchOn, FindsTheMostSimilarRowsOfAll) {
  for (const DType dtype : activity_types()) {
    const Tensor rows = random_tensor({83, 37}, dtype, GetParam(), 1);
    const Tensor queries = random_tensor({5, 37}, dtype, GetParam(), 2);
    const auto found = search(queries, rows, 12, 20);
    ASSERT_EQ(found.size(), 5U);
    for (std::int64_t i = 0; i < 5; ++i) {
      const auto plain = plain_order(queries.rows(i, i + 1), rows);
      const auto& ours = found[static_cast<std::size_t>(i)];
      ASSERT_EQ(ours.size(), 12U);
      for (std::size_t n = 0; n < 12; ++n) {
        EXPECT_EQ(ours[n].row, plain[n].row);
        EXPECT_NEAR(ours[n].similarity, plain[n].similarity, 1e-6);
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, NeighbourSearchOn, ::testing::ValuesIn(all_devices()), DeviceName());

TEST(NeighbourSearch, OfEquallySimilarRowsTheLowerIsNearer) {
  Tensor rows({9, 2}, DType::float32, Device::cpu);
  for (std::int64_t n = 0; n < 9; ++n) rows.data<float>()[2 * n + (n % 2)] = 1.0F;  // even rows: along x
  const Tensor query = tensor_of({1, 2}, {2.0, 0.0}, DType::float32, Device::cpu);
  const auto found = search(query, rows, 4, 2).front();
  for (std::size_t n = 0; n < 4; ++n) EXPECT_EQ(found[n], (Neighbour{static_cast<std::int32_t>(2 * n), 1.0F}));
  const auto all = search(query, rows, 100, 4).front();
  ASSERT_EQ(all.size(), 9U) << "there are no more";
  EXPECT_EQ(all[5], (Neighbour{1, 0.0F}));
}

TEST(NeighbourSearch, DependsNeitherOnThreadsNorOnPieces) {
  const Tensor rows = random_tensor({257, 130}, DType::float32, Device::cpu, 3);
  const Tensor queries = random_tensor({31, 130}, DType::float32, Device::cpu, 4);
  const auto once = search(queries, rows, 20, 257);
  const int before = threads();
  for (const int number : {1, 3}) {
    set_threads(number);
    for (const std::int64_t piece : {1, 17, 100}) EXPECT_EQ(search(queries, rows, 20, piece), once);
  }
  set_threads(before);
}

TEST(NeighbourSearch, ZerosAreNearNobodyAndInfinitiesAreRefused) {
  Tensor rows = random_tensor({3, 4}, DType::float32, Device::cpu, 5);
  rows.rows(1, 2).fill_zero();
  const auto of_zeros = search(rows.rows(1, 2), rows, 3, 3).front();
  ASSERT_EQ(of_zeros.size(), 3U);
  for (const Neighbour& neighbour : of_zeros) EXPECT_EQ(neighbour.similarity, 0.0F);
  rows.data<float>()[2] = std::numeric_limits<float>::infinity();
  EXPECT_THROW(search(rows.rows(1, 2), rows, 3, 3), FeaturesNotFinite);
  EXPECT_THROW(search(rows, rows, 3, 3), FeaturesNotFinite);
  EXPECT_THROW(NeighbourSearch(rows.rows(1, 2), 0), std::invalid_argument);
}

/// Points around one direction a class.
Features rays(std::int64_t images, std::int64_t classes, float spread, std::uint32_t seed) {
  const std::int64_t width = 24;
  const Tensor values = random_tensor({images, width}, DType::float32, Device::cpu, seed, spread);
  const Tensor centres = random_tensor({classes, width}, DType::float32, Device::cpu, 99);
  Tensor labels({images}, DType::int32, Device::cpu);
  for (std::int64_t i = 0; i < images; ++i) {
    labels.data<std::int32_t>()[i] = static_cast<std::int32_t>(i % classes);
    for (std::int64_t k = 0; k < width; ++k) {
      values.data<float>()[i * width + k] += centres.data<float>()[i % classes * width + k];
    }
  }
  return {values, labels};
}

/// The accuracy of the votes by plain loops.
double plain_accuracy(const ProbeFeatures& features, const KnnOptions& options) {
  const Tensor& test = features.test.values.in_memory();
  double correct = 0;
  for (std::int64_t i = 0; i < test.extent(0); ++i) {
    auto order = plain_order(test.rows(i, i + 1), features.train.values.in_memory());
    order.resize(static_cast<std::size_t>(options.neighbours));
    std::vector<double> votes(static_cast<std::size_t>(options.classes), 0.0);
    for (const Neighbour& neighbour : order) {
      votes[static_cast<std::size_t>(features.train.labels.data<std::int32_t>()[neighbour.row])] +=
          std::exp(neighbour.similarity / options.temperature);
    }
    const auto named = std::ranges::max_element(votes) - votes.begin();
    correct += named == features.test.labels.data<std::int32_t>()[i] ? 1 : 0;
  }
  return correct / static_cast<double>(test.extent(0));
}

TEST(KnnProbe, CountsTheVotesOfTheNearest) {
  const ProbeFeatures features{rays(150, 5, 2.5F, 1), rays(90, 5, 2.5F, 2)};
  const KnnOptions options{.neighbours = 20, .temperature = 0.1, .classes = 5};
  const KnnResult result = knn_probe(features, options);
  EXPECT_EQ(result.test_accuracy, plain_accuracy(features, options));
  EXPECT_GT(result.test_accuracy, 0.25);
  EXPECT_LT(result.test_accuracy, 0.95) << "some votes decide";
  EXPECT_EQ(result.neighbours, 20);
  const KnnResult all = knn_probe(features, {.neighbours = 1000, .temperature = 0.1, .classes = 5});
  EXPECT_EQ(all.neighbours, 150) << "all training images vote";
}

TEST(KnnProbe, NearerNeighboursWeighMoreAndTheLowestOfEqualClassesWins) {
  const std::vector<std::int32_t> labels{0, 1, 1, 2};
  const KnnOptions sharp{.neighbours = 3, .temperature = 0.1, .classes = 3};
  EXPECT_EQ(most_voted(votes_of(std::vector<Neighbour>{{0, 0.9F}, {1, 0.7F}, {2, 0.7F}}, labels, sharp)), 0);
  const KnnOptions blunt{.neighbours = 3, .temperature = 10, .classes = 3};
  EXPECT_EQ(most_voted(votes_of(std::vector<Neighbour>{{0, 0.9F}, {1, 0.7F}, {2, 0.7F}}, labels, blunt)), 1);
  EXPECT_EQ(most_voted(votes_of(std::vector<Neighbour>{{3, 0.5F}, {1, 0.5F}}, labels, blunt)), 1);
  const KnnOptions sharpest{.neighbours = 1, .temperature = 1e-6, .classes = 3};
  EXPECT_EQ(most_voted(votes_of(std::vector<Neighbour>{{3, 0.9F}, {1, 0.5F}}, labels, sharpest)), 2)
      << "no exponential overflows";
}

TEST(KnnProbe, FeaturesInAFileGiveTheSame) {
  const TemporaryFolder folder;
  ProbeFeatures features{rays(1200, 5, 2.5F, 1), rays(70, 5, 2.5F, 2)};
  const KnnOptions options{.neighbours = 50, .temperature = 0.1, .classes = 5};
  const double in_memory = knn_probe(features, options).test_accuracy;
  for (Features* part : {&features.train, &features.test}) {
    FeatureTable in_file(part->values.shape(), {.dtype = DType::float32, .folder = folder.path()}, Device::cpu);
    in_file.write(0, part->values.in_memory());
    part->values = in_file;
  }
  EXPECT_EQ(knn_probe(features, options).test_accuracy, in_memory);
}

}  // namespace
}  // namespace biossl
