#include "biossl/evaluation/knn_probe.h"

#include <algorithm>
#include <cmath>

#include "biossl/core/error.h"
#include "biossl/ops/ops.h"

namespace biossl {
namespace {

constexpr std::int64_t rows_at_a_time = 1000;
constexpr std::int64_t most_query_bytes = 256'000'000;

/// Test images that are compared at a time: as many as fit into most_query_bytes, so that a training table in a file is
/// read few times.
std::int64_t queries_at_a_time(const FeatureTable& test) {
  const std::int64_t row_bytes = test.extent(1) * static_cast<std::int64_t>(sizeof(float));
  return std::clamp<std::int64_t>(most_query_bytes / row_bytes, 1, test.extent(0));
}

/// Calls take(first, rows) for all rows of a table, in order, `most` at a time.
template <class Take>
void read_in_order(const FeatureTable& table, std::int64_t most, const Take& take) {
  const std::int64_t batch = std::min(most, table.extent(0));
  Tensor rows({batch, table.extent(1)}, table.dtype(), table.device());
  std::int64_t first = 0;
  BatchReader reader(table, batch);
  reader.read(iota(table.extent(0), table.device()), [&](const FeatureBatch& read) {
    Tensor some = rows.rows(0, read.numbers.size());
    ops::gather_rows(read.values, read.places, some);
    take(first, some);
    first += some.extent(0);
  });
}

}  // namespace

std::vector<double> votes_of(std::span<const Neighbour> neighbours, std::span<const std::int32_t> labels,
                             const KnnOptions& options) {
  std::vector<double> votes(static_cast<std::size_t>(options.classes), 0.0);
  for (const Neighbour& neighbour : neighbours) {
    // Beside the nearest, so that no temperature makes the exponential overflow.
    const double nearness = static_cast<double>(neighbour.similarity) - neighbours.front().similarity;
    const std::int32_t label = labels[static_cast<std::size_t>(neighbour.row)];
    votes[static_cast<std::size_t>(label)] += std::exp(nearness / options.temperature);
  }
  return votes;
}

std::int32_t most_voted(std::span<const double> votes) {
  return static_cast<std::int32_t>(std::ranges::max_element(votes) - votes.begin());
}

void ask_neighbours(const Features& train, const FeatureTable& queries, const KnnOptions& options,
                    const TakeVotes& take, const Progress& progress) {
  const FeatureTable& table = train.values;
  check(options.neighbours >= 1 && options.temperature > 0, "knn", "neighbours = {}, temperature = {} is impossible",
        options.neighbours, options.temperature);
  check(table.extent(1) == queries.extent(1), "knn", "training features are {} wide, test features {}", table.extent(1),
        queries.extent(1));
  check(table.extent(0) > 0 && queries.extent(0) > 0, "knn", "{} training images, {} test images", table.extent(0),
        queries.extent(0));
  const auto labels = train.labels.span<const std::int32_t>();
  check(std::ranges::all_of(labels, [&](std::int32_t label) { return label >= 0 && label < options.classes; }), "knn",
        "a label lies outside 0..{}", options.classes - 1);
  const std::int64_t images = queries.extent(0);
  const std::int64_t k = std::min(options.neighbours, table.extent(0));
  read_in_order(queries, queries_at_a_time(queries), [&](std::int64_t first_query, const Tensor& some) {
    NeighbourSearch search(some, k);
    read_in_order(table, rows_at_a_time, [&](std::int64_t first, const Tensor& rows) {
      search.show(first, rows);
      const std::int64_t compared = first + rows.extent(0);
      const std::int64_t done = first_query + some.extent(0) * compared / table.extent(0);
      if (progress && done < images) progress(done, images, "");
    });
    std::int64_t row = first_query;
    for (const std::vector<Neighbour>& found : search.take()) take(row++, votes_of(found, labels, options));
  });
  if (progress) progress(images, images, "");
}

KnnResult knn_probe(const ProbeFeatures& features, const KnnOptions& options, const Progress& progress) {
  const Features& test = features.test;
  std::int64_t correct = 0;
  const auto count = [&](std::int64_t row, std::span<const double> votes) {
    correct += most_voted(votes) == test.labels.data<std::int32_t>()[row] ? 1 : 0;
  };
  ask_neighbours(features.train, test.values, options, count, progress);
  return {.neighbours = std::min(options.neighbours, features.train.values.extent(0)),
          .temperature = options.temperature,
          .test_accuracy = static_cast<double>(correct) / static_cast<double>(test.values.extent(0))};
}

}  // namespace biossl
