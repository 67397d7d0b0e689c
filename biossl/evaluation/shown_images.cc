#include "biossl/evaluation/shown_images.h"

#include <algorithm>

#include "biossl/data/views.h"
#include "biossl/evaluation/whole_images.h"
#include "biossl/ops/ops.h"

namespace biossl {
namespace {

/// The images of a data set as views that change them show them.
class ViewedImages final : public ShownImages {
 public:
  ViewedImages(const Dataset& dataset, const Choice& views, const ViewPlan& plan, std::int64_t batch, DType dtype,
               Device device)
      : batch_(batch),
        total_(dataset.size()),
        views_(ViewsRegistry::instance().make(
            views.kind, views.settings, ViewSource{.dataset = dataset, .seed = 0, .batch = batch, .device = device})),
        grid_(plan.grid),
        numbers_(iota(total_, device)),
        images_(batch_of(plan.rows(batch), plan.image), dtype, device) {}

  Tensor operator()(std::int64_t first) override {
    const Tensor rows = rows_from(first);
    Tensor images = images_.rows(0, rows.size() * grid_.size());
    views_->show(rows, images);
    if (first + batch_ < total_) views_->expect(rows_from(first + batch_));
    return images;
  }

 private:
  Tensor rows_from(std::int64_t first) const { return numbers_.rows(first, std::min(first + batch_, total_)); }

  std::int64_t batch_, total_;
  std::unique_ptr<Views> views_;
  PatchGrid grid_;
  Tensor numbers_;  // 0, 1, … of all images
  Tensor images_;   // (batch * grid, H, W, C)
};

/// Images that are numbers already.
class NumberImages final : public ShownImages {
 public:
  NumberImages(const Tensor& images, std::int64_t batch, DType dtype, Device device)
      : all_(images),
        images_(batch_of(batch, Shape{images.extent(1), images.extent(2), images.extent(3)}), dtype, device) {}

  Tensor operator()(std::int64_t first) override {
    const std::int64_t count = std::min(images_.extent(0), all_.extent(0) - first);
    Tensor images = images_.rows(0, count);
    ops::convert(on_device(all_.rows(first, first + count), images.device()), images);
    return images;
  }

 private:
  Tensor all_;
  Tensor images_;  // (batch, H, W, C)
};

}  // namespace

std::unique_ptr<ShownImages> show_images(const Dataset& dataset, const Choice& views, std::int64_t batch, DType dtype,
                                         Device device) {
  const ViewPlan plan = plan_views(views, dataset.image_shape());
  if (plan.keeps(dataset.image_shape())) return std::make_unique<WholeImages>(dataset, batch, dtype, device);
  return std::make_unique<ViewedImages>(dataset, views, plan, batch, dtype, device);
}

std::unique_ptr<ShownImages> show_images(const Tensor& images, std::int64_t batch, DType dtype, Device device) {
  return std::make_unique<NumberImages>(images, batch, dtype, device);
}

}  // namespace biossl
