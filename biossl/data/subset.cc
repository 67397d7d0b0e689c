#include "biossl/data/subset.h"

#include <algorithm>
#include <cmath>
#include <mutex>
#include <utility>

#include "biossl/core/error.h"

namespace biossl {
namespace {

class Subset final : public Dataset {
 public:
  Subset(std::unique_ptr<Dataset> images, std::vector<std::int32_t> rows)
      : images_(std::move(images)), rows_(std::move(rows)) {
    for (const std::int32_t row : rows_) {
      check(row >= 0 && row < images_->size(), "data", "image {} of {}", row, images_->size());
      if (images_->is_labelled()) labels_.push_back(images_->labels()[static_cast<std::size_t>(row)]);
      if (images_->has_clips()) clips_.push_back(images_->clips()[static_cast<std::size_t>(row)]);
    }
    size_ = static_cast<std::int64_t>(rows_.size());
    image_shape_ = images_->image_shape();
    class_names_ = images_->class_names();
    notes_ = images_->notes();
  }

  bool is_resident() const override { return images_->is_resident(); }
  const Tensor& pixels() const override {
    std::call_once(copied_, [this] {
      pixels_ = Tensor(batch_of(size_, image_shape_), DType::uint8, Device::cpu);
      const auto* from = images_->pixels().data<const std::uint8_t>();
      auto* to = pixels_.data<std::uint8_t>();
      const std::int64_t bytes = image_shape_.size();
      for (const std::int32_t row : rows_) to = std::copy_n(from + row * bytes, bytes, to);
    });
    return pixels_;
  }
  void fetch(std::span<const std::int32_t> rows, std::uint8_t* to) const override {
    check_rows(rows);
    for (const std::int32_t row : rows) {
      images_->fetch(std::span(&rows_[static_cast<std::size_t>(row)], 1), to);
      to += image_shape_.size();
    }
  }
  Targets targets() const override {
    const Targets all = images_->targets();
    Targets targets{.names = all.names, .values = {}};
    const auto count = static_cast<std::ptrdiff_t>(all.names.size());
    for (const std::int32_t row : rows_) {
      const auto from = all.values.begin() + count * row;
      targets.values.insert(targets.values.end(), from, from + count);
    }
    return targets;
  }
  const Dataset& origin() const override { return images_->origin(); }
  std::int64_t row_in_origin(std::int64_t image) const override {
    return images_->row_in_origin(rows_.at(static_cast<std::size_t>(image)));
  }

 private:
  std::unique_ptr<Dataset> images_;
  std::vector<std::int32_t> rows_;  // of images_, by row of this
  mutable std::once_flag copied_;
  mutable Tensor pixels_;
};

/// Where the units that a share takes or leaves begin, and where the last one ends: clips, or else images.
std::vector<std::int32_t> begins_of_units(const Dataset& images) {
  std::vector<std::int32_t> begins;
  for (std::int32_t row = 0; row < images.size(); ++row) {
    const auto index = static_cast<std::size_t>(row);
    if (images.has_clips() && row > 0 && images.clips()[index] == images.clips()[index - 1]) continue;
    begins.push_back(row);
  }
  begins.push_back(static_cast<std::int32_t>(images.size()));
  return begins;
}

/// Moves `count` of the units, drawn without replacement, to the front.
void draw(std::vector<std::int32_t>& units, std::size_t count, Random random) {
  for (std::size_t i = 0; i < count; ++i) {
    std::swap(units[i], units[i + random.below(static_cast<std::uint32_t>(units.size() - i))]);
  }
}

}  // namespace

RowShares draw_share(const Dataset& images, double share, std::uint64_t seed, std::string_view purpose) {
  check(share >= 0 && share <= 1, "data", "a share of {} lies outside 0..1", share);
  const std::vector<std::int32_t> begins = begins_of_units(images);
  std::vector<std::vector<std::int32_t>> classes(std::max<std::size_t>(images.class_names().size(), 1));
  for (std::int32_t unit = 0; unit + 1 < std::ssize(begins); ++unit) {
    const auto row = static_cast<std::size_t>(begins[static_cast<std::size_t>(unit)]);
    classes[images.is_labelled() ? static_cast<std::size_t>(images.labels()[row]) : 0].push_back(unit);
  }
  RowShares shares;
  const auto add = [&](std::span<const std::int32_t> units, std::vector<std::int32_t>& rows) {
    for (const std::int32_t unit : units) {
      const auto index = static_cast<std::size_t>(unit);
      for (std::int32_t row = begins[index]; row < begins[index + 1]; ++row) rows.push_back(row);
    }
  };
  for (std::size_t label = 0; label < classes.size(); ++label) {
    std::vector<std::int32_t>& units = classes[label];
    if (units.empty()) continue;
    const auto most = static_cast<std::int64_t>(units.size()) - 1;
    const auto wanted = static_cast<std::int64_t>(std::llround(share * static_cast<double>(units.size())));
    const auto count = static_cast<std::size_t>(std::min(std::max<std::int64_t>(wanted, 1), most));
    draw(units, count, Random(seed, purpose, 0, static_cast<std::uint32_t>(label)));
    add(std::span(units).first(count), shares.taken);
    add(std::span(units).subspan(count), shares.rest);
  }
  std::ranges::sort(shares.taken);
  std::ranges::sort(shares.rest);
  return shares;
}

std::unique_ptr<Dataset> make_subset(std::unique_ptr<Dataset> images, std::vector<std::int32_t> rows) {
  return std::make_unique<Subset>(std::move(images), std::move(rows));
}

}  // namespace biossl
