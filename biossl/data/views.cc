#include "biossl/data/views.h"

#include <cmath>

#include "biossl/core/error.h"
#include "biossl/core/wording.h"

namespace biossl {
namespace {

constexpr std::int64_t most_parts = 65536;  // views of an image, rows and columns of a grid
constexpr double most_numbers = 0x1p40;     // in all views of an image; with a batch of 10^6 a size has no overflow

bool is_count(std::int64_t number) { return number >= 1 && number <= most_parts; }

/// Refuses what nobody can mean, whoever wrote the kind of views: others divide and multiply by these numbers.
void check_plan(const std::string& kind, const ViewPlan& plan) {
  const auto& [image, grid, views, mean, deviation, square] = plan;
  check_views(image.rank() == 3 && image[0] >= 1 && image[1] >= 1 && image[2] >= 1, kind,
              "the plan has images of shape {}; (H, W, C) from 1 on are expected", to_string(image));
  check_views(is_count(grid.rows) && is_count(grid.columns) && is_count(views), kind,
              "the plan has {} views of {}x{} patches; each of the three must lie between 1 and {}", views, grid.rows,
              grid.columns, most_parts);
  const double patches = static_cast<double>(grid.rows) * static_cast<double>(grid.columns) * views;
  check_views(
      patches * static_cast<double>(image.size()) <= most_numbers, kind,
      "the plan has {} views of {}x{} patches {}, more than 2^40 numbers of an image; make fewer or smaller ones",
      views, grid.rows, grid.columns, to_string(image));
  check_views(std::isfinite(mean) && std::isfinite(deviation) && deviation > 0, kind,
              "the plan has a mean of {} and a deviation of {}; they must be finite, and the deviation positive", mean,
              deviation);
  check_views(square >= 0, kind, "the plan has a square of {} pixels; it may not be negative (0: none)", square);
}

}  // namespace

void Views::show(const Tensor& /*rows*/, Tensor& /*dst*/) {
  fail("views", "networks that learn from these views are shown whole images as they are");
}

ViewPlan plan_views(const Choice& choice, const Shape& image) {
  const auto plan = ViewsRegistry::instance().find(choice.kind).traits.plan;
  if (plan == nullptr) return {.image = image};
  ViewPlan planned = plan(choice.settings, image);
  check_plan(choice.kind, planned);
  return planned;
}

bool makes_views(Device device, std::string_view kind) {
  return device != Device::cuda || !ViewsRegistry::instance().find(kind).traits.host_only;
}

void check_views_device(std::string_view kind, Device device) {
  check_views(makes_views(device, kind), kind, "a GPU makes no such views yet; use {}",
              wording::option("device", "cpu"));
}

SourceImages::SourceImages(const ViewSource& source) {
  if (source.dataset.is_resident()) {
    pixels_ = on_device(source.dataset.pixels(), source.device);
    return;
  }
  check(source.device != Device::cuda, "views",
        "these images are read from a file batch by batch, which a GPU cannot do yet; use {}, or raise the data set's "
        "memory_gb so that all of them are read into memory",
        wording::option("device", "cpu"));
  fetcher_ = std::make_unique<BatchFetcher>(source.dataset, source.batch, source.device);
  each_ = iota(source.batch, source.device);
}

SourceImages::Rows SourceImages::at(const Tensor& rows) {
  if (fetcher_ == nullptr) return {pixels_, rows};
  return {fetcher_->get(rows.span<const std::int32_t>()), each_.rows(0, rows.extent(0))};
}

void SourceImages::expect(const Tensor& rows) {
  if (fetcher_ != nullptr) fetcher_->expect(rows.span<const std::int32_t>());
}

void check_batch(const ViewSource& source, const Tensor& rows) {
  check(rows.shape().rank() == 1 && rows.extent(0) <= source.batch, "views",
        "rows of shape {}; these views were made for batches of at most {}", to_string(rows.shape()), source.batch);
}

}  // namespace biossl
