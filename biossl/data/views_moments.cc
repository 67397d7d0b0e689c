#include <numeric>

#include "biossl/core/parallel.h"
#include "biossl/data/views.h"
#include "biossl/ops/ops.h"

namespace biossl {
namespace {

/// View v of an image is its object at the moment drawn by Random(seed, Purpose::world, epoch, image, v + 1).
class MomentViews final : public Views {
 public:
  MomentViews(const NoOptions& /*options*/, const ViewSource& source) : source_(source) {
    check(source.dataset.has_moments(), "views.moments",
          "this data set holds still images, which have no other moments; use kind = \"deform\" for it, or the data "
          "set \"world\"");
    const Shape& image = source.dataset.image_shape();
    // Tensors that the host fills are host tensors; tensors for operations belong to their device.
    const Device host = source.device == Device::cuda ? Device::cpu : source.device;
    images_ = Tensor({source.batch}, DType::int32, host);
    rendered_ = Tensor({source.batch, image[0], image[1], image[2]}, DType::uint8, host);
    resident_ = source.device == host ? rendered_ : Tensor(rendered_.shape(), DType::uint8, source.device);
    Tensor each({source.batch}, DType::int32, host);
    std::iota(each.data<std::int32_t>(), each.data<std::int32_t>() + source.batch, 0);
    each_ = on_device(each, source.device);
  }

  void make(std::uint32_t epoch, std::uint32_t view, const Tensor& rows, Tensor& dst) override {
    check_batch(source_, rows);
    const std::int64_t count = rows.extent(0);
    Tensor images = images_.rows(0, count);
    copy(rows, images);
    Tensor rendered = rendered_.rows(0, count);
    render(epoch, view, images, rendered);
    Tensor resident = resident_.rows(0, count);
    if (source_.device == Device::cuda) copy(rendered, resident);
    ops::unit_range(resident, each_.rows(0, count), dst);
  }
  bool waits_for_device() const override { return source_.device == Device::cuda; }

 private:
  void render(std::uint32_t epoch, std::uint32_t view, const Tensor& images, Tensor& rendered) const {
    const auto* image = images.data<const std::int32_t>();
    auto* to = rendered.data<std::uint8_t>();
    const std::int64_t bytes = rendered.shape().row_size();
    parallel_for(images.extent(0), 1, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t n = begin; n < end; ++n) {
        const Random random(source_.seed, Purpose::world, epoch, static_cast<std::uint32_t>(image[n]), view + 1);
        source_.dataset.render_moment(image[n], random, to + n * bytes);
      }
    });
  }

  ViewSource source_;
  Tensor images_;    // (batch) int32, host
  Tensor rendered_;  // (batch, H, W, C) uint8, host
  Tensor resident_;  // rendered_ on the device; rendered_ itself on a host device
  Tensor each_;      // 0 .. batch-1
};

const Registration<ViewsRegistry, MomentViews, NoOptions> registration(
    "moments", "moments of one object that turns, moves and changes light; for the data set \"world\"");

}  // namespace
}  // namespace biossl
