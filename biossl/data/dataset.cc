#include "biossl/data/dataset.h"

#include <algorithm>

namespace biossl {

std::string_view name_of(Split split) { return split == Split::train ? "train" : "test"; }

const Tensor& Dataset::pixels() const {
  fail("data", "the images of this data set are read batch by batch and are not in memory as a whole");
}

void Dataset::fetch(std::span<const std::int32_t> rows, std::uint8_t* to) const {
  check_rows(rows);
  const auto* from = pixels().data<const std::uint8_t>();
  const std::int64_t bytes = image_shape_.size();
  for (const std::int32_t row : rows) to = std::copy_n(from + row * bytes, bytes, to);
}

void Dataset::check_rows(std::span<const std::int32_t> rows) const {
  for (const std::int32_t row : rows) check(row >= 0 && row < size_, "data", "image {} of {}", row, size_);
}

std::unique_ptr<Dataset> open_dataset(std::string_view name, const DatasetRequest& request, const Settings& settings) {
  return DatasetRegistry::instance().make(name, settings, request);
}

Shape image_shape(std::string_view name, const Settings& settings, std::int64_t image_size, std::int64_t resize) {
  const Dataset::Traits& traits = DatasetRegistry::instance().find(name).traits;
  if (traits.shape != nullptr) return traits.shape(settings);
  const std::int64_t channels = traits.channels > 0 ? traits.channels : 3;
  if (traits.from_files && resize > 0) return {resize, resize, channels};
  const std::int64_t side = traits.side > 0 ? traits.side : image_size;
  return {side, side, channels};
}

}  // namespace biossl
