#include "biossl/training/health_meter.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "biossl/core/error.h"
#include "biossl/ops/elementwise.h"
#include "biossl/ops/ops.h"

namespace biossl {
namespace {

constexpr std::int64_t usual_images = 256;
constexpr std::int64_t most_images = 1024;

/// As float32 in host memory.
Tensor on_host(const Tensor& values) {
  Tensor wide(values.shape(), DType::float32, values.device());
  ops::convert(values, wide);
  return on_device(wide, Device::cpu);
}

/// The mean of each channel over all positions, (N, C).
Tensor channel_means(const Tensor& outputs) {
  Tensor means({outputs.extent(0), 1, 1, outputs.extent(3)}, outputs.dtype(), outputs.device());
  ops::reduce(Reduction::mean, outputs, over_positions, means);
  return means.reshaped({outputs.extent(0), outputs.extent(3)});
}

/// At most most_images of the images that views are made of. Neighbours in a data set may be alike, frames of a clip or
/// images of a class. So the images lie apart, the first ones of them as evenly as all: at multiples of the golden
/// ratio, in shares of the data set.
Tensor images_of(const Views& views, std::int64_t all, Device device) {
  constexpr std::uint32_t golden_ratio = 0x9E3779B9U;  // its fraction, times 2^32
  const std::span<const std::int32_t> chosen = views.images();
  const std::int64_t count = chosen.empty() ? all : std::ssize(chosen);
  std::vector<bool> taken(static_cast<std::size_t>(count));
  Tensor images({std::min(count, most_images)}, DType::int32, Device::reference);
  for (std::int64_t i = 0; i < images.size(); ++i) {
    const std::uint64_t share = static_cast<std::uint32_t>(i) * golden_ratio;
    auto place = static_cast<std::size_t>(share * static_cast<std::uint64_t>(count) >> 32);
    while (taken[place]) place = (place + 1) % taken.size();
    taken[place] = true;
    images.data<std::int32_t>()[i] = chosen.empty() ? static_cast<std::int32_t>(place) : chosen[place];
  }
  return on_device(images, device);
}

bool has_embeddings(Network& network, int block) {
  if (!network.has_head(block)) return false;
  const Head& head = network.head(block);
  return head.embeds_single_images() && !head.embeds_predictions() && head.reads_blocks().empty() &&
         head.features() > 0;
}

}  // namespace

/// What is gathered of one block.
struct HealthMeter::Place {
  int block;
  Head* head;                        // null where the block's own output is measured
  std::array<Tensor, 2> embeddings;  // by view; (M, D) in host memory
  UnitActivity units = {};
};

HealthMeter::HealthMeter(Network& network, const LearningRule& rule, std::string rule_name, Views& views,
                         const ViewPlan& plan, std::int64_t images, std::int64_t batch)
    : network_(network),
      rule_(rule),
      rule_name_(std::move(rule_name)),
      views_(views),
      plan_(plan),
      shown_(images_of(views, images, network.setup().device)),
      images_(views.images().empty() ? images : std::ssize(views.images())),
      group_(std::min({batch, images_, ForwardPass::group(Device::cpu)})) {}

std::vector<int> HealthMeter::blocks(std::int64_t epoch) const {
  if (std::vector<int> named = rule_.measured_blocks(epoch); !named.empty()) {
    std::ranges::sort(named);
    for (const int block : {named.front(), named.back()}) {
      check(block >= 0 && block < network_.depth(), rule_name_,
            "measured_blocks names block {}; the network has blocks 0 to {}", block, network_.depth() - 1);
    }
    return named;
  }
  std::vector<int> all, with_head;
  for (int block = 0; block < network_.depth(); ++block) {
    all.push_back(block);
    if (network_.has_head(block)) with_head.push_back(block);
  }
  return with_head.empty() ? all : with_head;
}

HealthMeter::Place HealthMeter::make_place(int block) const {
  Head* const head = has_embeddings(network_, block) ? &network_.head(block) : nullptr;
  const std::int64_t dimensions = head != nullptr ? head->features() : network_.block(block).plan().output[2];
  const std::int64_t usual = std::max(dimensions, std::min(usual_images, images_ / 8));
  const Shape shape{std::min({usual, most_images, images_}), dimensions};
  const auto room = [&] { return Tensor(shape, DType::float32, Device::reference); };
  return {.block = block, .head = head, .embeddings = {room(), room()}};
}

std::vector<Health> HealthMeter::measure(std::int64_t epoch) {
  if (plan_.views != 2 && !plan_.grid.is_cut()) return {};
  std::vector<Place> places;
  for (const int block : blocks(epoch)) places.push_back(make_place(block));
  fill(places);
  std::vector<Health> measured;
  for (const Place& place : places) {
    // Trainer::save reports weights that are not finite.
    if (!is_finite(place.embeddings[0]) || !is_finite(place.embeddings[1])) return {};
    Health health = measure_embeddings(place.embeddings[0], place.embeddings[1]);
    health.block = place.block;
    health.of = place.head != nullptr ? "embedding" : "output";
    health.dead = place.units.dead();
    if (network_.block(place.block).has_bounds()) health.saturated = place.units.saturated();
    measured.push_back(health);
  }
  return measured;
}

void HealthMeter::fill(std::vector<Place>& places) {
  const SynapsesSetup& setup = network_.setup();
  std::int64_t most = 0;
  for (const Place& place : places) most = std::max(most, place.embeddings[0].extent(0));
  const int last = places.back().block;
  ForwardPass pass(network_, last, group_);
  std::vector<Activity> kept(static_cast<std::size_t>(last) + 1);
  Workspace::fit(setup.device, [&](Workspace& workspace) {
    pass.prepare(workspace);
    for (const Place& place : places) {
      kept[static_cast<std::size_t>(place.block)].output =
          workspace.take(batch_of(group_, network_.block(place.block).plan().output), setup.dtype);
    }
  });
  const Tensor buffer(batch_of(group_, network_.image()), setup.dtype, setup.device);
  Tensor patches;  // all of the images in a group
  if (plan_.grid.is_cut()) patches = Tensor(batch_of(plan_.rows(group_), network_.image()), setup.dtype, setup.device);
  for (std::int64_t first = 0; first < most; first += group_) {
    const Tensor rows = shown_.rows(first, std::min(first + group_, most));
    if (!patches.empty()) {
      Tensor cut = patches.rows(0, plan_.rows(rows.extent(0)));
      views_.make(0, 0, rows, cut);
    }
    for (std::uint32_t view = 0; view < 2; ++view) {
      Tensor images = buffer.rows(0, rows.extent(0));
      if (patches.empty()) {
        views_.make(0, view, rows, images);
      } else {
        choose(patches, view, first, images);
      }
      network_.scale_input(images);
      pass.run(images, kept);
      for (Place& place : places) {
        const Tensor& output = kept[static_cast<std::size_t>(place.block)].output;
        add(place, view, first, output.rows(0, rows.extent(0)));
      }
    }
  }
}

void HealthMeter::choose(const Tensor& patches, std::uint32_t view, std::int64_t first, Tensor& images) const {
  const PatchGrid& grid = plan_.grid;
  const std::int64_t step = grid.rows > 1 ? grid.columns : 1;  // from a patch to the other one of its pair
  for (std::int64_t n = 0; n < images.extent(0); ++n) {
    const std::int64_t patch = n * grid.size() + (first + n) % (grid.size() - step) + view * step;
    Tensor to = images.rows(n, n + 1);
    copy(patches.rows(patch, patch + 1), to);
  }
}

void HealthMeter::add(Place& place, std::uint32_t view, std::int64_t first, const Tensor& output) {
  const Tensor& embeddings = place.embeddings[view];
  const std::int64_t count = std::min(output.extent(0), embeddings.extent(0) - first);
  if (count <= 0) return;
  const Tensor here = output.rows(0, count);
  const Tensor host = on_host(here);
  place.units.show(host);
  Tensor to = embeddings.rows(first, first + count);
  if (place.head == nullptr) return copy(channel_means(host), to);
  Tensor embedded({count, embeddings.extent(1)}, network_.setup().master_dtype(), network_.setup().device);
  place.head->forward(here, embedded);
  copy(on_host(embedded), to);
}

}  // namespace biossl
