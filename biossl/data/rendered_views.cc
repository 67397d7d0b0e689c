#include "biossl/data/rendered_views.h"

#include "biossl/core/parallel.h"
#include "biossl/ops/ops.h"

namespace biossl {

RenderedViews::RenderedViews(const ViewSource& source) : source_(source) {
  const Shape& image = source.dataset.image_shape();
  // Tensors that the host fills are host tensors; tensors for operations belong to their device.
  const Device host = source.device == Device::cuda ? Device::cpu : source.device;
  images_ = Tensor({source.batch}, DType::int32, host);
  rendered_ = Tensor({source.batch, image[0], image[1], image[2]}, DType::uint8, host);
  resident_ = source.device == host ? rendered_ : Tensor(rendered_.shape(), DType::uint8, source.device);
  each_ = iota(source.batch, source.device);
}

void RenderedViews::make(std::uint32_t epoch, std::uint32_t view, const Tensor& rows, Tensor& dst) {
  check_batch(source_, rows);
  const std::int64_t count = rows.extent(0);
  Tensor images = images_.rows(0, count);
  copy(rows, images);
  Tensor rendered = rendered_.rows(0, count);
  const auto* image = images.data<const std::int32_t>();
  auto* to = rendered.data<std::uint8_t>();
  const std::int64_t bytes = rendered.shape().row_size();
  parallel_for(count, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t n = begin; n < end; ++n) {
      render(epoch, static_cast<std::uint32_t>(image[n]), view, to + n * bytes);
    }
  });
  Tensor resident = resident_.rows(0, count);
  if (source_.device == Device::cuda) copy(rendered, resident);
  ops::unit_range(resident, each_.rows(0, count), dst);
}

}  // namespace biossl
