#include "biossl/data/views.h"

#include <numeric>

#include "biossl/core/error.h"
#include "biossl/core/wording.h"

namespace biossl {

void Views::show(const Tensor& /*rows*/, Tensor& /*dst*/) {
  fail("views", "networks that learn from these views are shown whole images as they are");
}

ViewPlan plan_views(const Choice& choice, const Shape& image) {
  const auto plan = ViewsRegistry::instance().find(choice.kind).traits.plan;
  return plan == nullptr ? ViewPlan{.image = image} : plan(choice.settings, image);
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
  each_ = Tensor({source.batch}, DType::int32, source.device);
  std::iota(each_.data<std::int32_t>(), each_.data<std::int32_t>() + source.batch, 0);
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
