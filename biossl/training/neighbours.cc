#include "biossl/training/neighbours.h"

#include <algorithm>
#include <utility>

#include "biossl/core/error.h"
#include "biossl/data/subset.h"
#include "biossl/evaluation/feature_reader.h"
#include "biossl/evaluation/linear_probe.h"
#include "biossl/evaluation/nearest_neighbours.h"
#include "biossl/ops/ops.h"

namespace biossl {
namespace {

/// A data set that looks at another one, which outlives it.
class Lent final : public Dataset {
 public:
  explicit Lent(const Dataset& images) : images_(images) {
    size_ = images.size();
    image_shape_ = images.image_shape();
  }
  bool is_resident() const override { return images_.is_resident(); }
  const Tensor& pixels() const override { return images_.pixels(); }
  void fetch(std::span<const std::int32_t> rows, std::uint8_t* to) const override { images_.fetch(rows, to); }

 private:
  const Dataset& images_;
};

void require_shape(const Recipe& recipe, const Dataset& images, const Shape& image) {
  const Shape shown = view_plan(recipe, images.image_shape()).image;
  if (shown == image) return;
  bad_input("the encoder was trained on images of {}, those of {} are {}", to_string(image), recipe.data.probe,
            to_string(shown));
}

/// `count` of 0 .. total - 1 in a random order.
std::vector<std::int32_t> draw(std::int64_t total, std::int64_t count, std::uint64_t seed) {
  Tensor order({total}, DType::int32, Device::cpu);
  ops::random_permutation(Random(seed, "neighbours"), order);
  const auto drawn = order.span<const std::int32_t>().first(static_cast<std::size_t>(std::min(count, total)));
  return {drawn.begin(), drawn.end()};
}

/// Calls take(first, outputs) for a block's outputs of all images.
template <class Take>
void read_block(const Network& network, int block, const Dataset& images, const Choice& views, const Progress& progress,
                const Take& take) {
  FeatureReader reader(network, {block}, images, views);
  reader.read([&](std::int64_t first, std::span<const Tensor> outputs) { take(first, outputs[0]); }, progress);
}

}  // namespace

NeighbourImages open_neighbour_images(Recipe recipe, const ExecutionContext& context, const Shape& image,
                                      const std::string& name, std::int64_t among) {
  if (name != recipe.data.probe) {
    recipe.data.test.clear();
    recipe.data.test_share = 0;
  }
  recipe.data.probe = name;
  recipe.data.probe_images = among;
  recipe.data.test_images = 0;
  recipe.probe.labels = 1;
  recipe.probe.validation = 0;
  NeighbourImages images{.among = open_probe_images(recipe, context, ProbePart::train),
                         .queries = nullptr,
                         .name = name,
                         .views = reading_views(recipe)};
  require_shape(recipe, *images.among, image);
  try {
    images.queries = open_probe_images(recipe, context, ProbePart::test);
  } catch (const MissingSplit&) {
    return images;
  }
  require_shape(recipe, *images.queries, image);
  return images;
}

std::vector<SheetRow> find_neighbours(Network& network, std::optional<int> block, const NeighbourImages& images,
                                      std::int64_t queries, std::int64_t k, std::uint64_t seed, Reporter& reporter) {
  const int index = block.value_or(network.depth() - 1);
  check(index >= 0 && index < network.depth(), "neighbours", "there is no block {}; the network has blocks 0 to {}",
        index, network.depth() - 1);
  check(queries >= 1 && k >= 1, "neighbours", "{} queries, {} neighbours; both must be at least 1", queries, k);
  const bool of_one_set = images.queries == nullptr;
  const std::vector<std::int32_t> drawn = draw(images.shown().size(), queries, seed);
  const auto asked = make_subset(std::make_unique<Lent>(images.shown()), drawn);
  const std::int64_t numbers = network.block(index).plan().output.size();
  FeatureTable features({asked->size(), numbers}, {}, network.setup().device);
  read_block(network, index, *asked, images.views, {},
             [&](std::int64_t first, const Tensor& rows) { features.write(first, rows); });
  NeighbourSearch search(features.in_memory(), of_one_set ? k + 1 : k);
  read_block(network, index, *images.among, images.views,
             stage_progress(reporter, fmt::format("comparing with the images of {}", images.name)),
             [&](std::int64_t first, const Tensor& rows) { search.show(first, rows); });
  const auto found = search.take();
  std::vector<SheetRow> sheet;
  for (std::size_t i = 0; i < drawn.size(); ++i) {
    sheet.push_back({.image = drawn[i]});
    for (const Neighbour& neighbour : found[i]) {
      if (of_one_set && neighbour.row == drawn[i]) continue;
      sheet.back().beside.push_back(neighbour.row);
    }
    sheet.back().beside.resize(std::min(sheet.back().beside.size(), static_cast<std::size_t>(k)));
  }
  return sheet;
}

}  // namespace biossl
