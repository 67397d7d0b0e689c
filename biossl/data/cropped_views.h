#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "biossl/core/random.h"
#include "biossl/data/views.h"
#include "biossl/ops/crops.h"

namespace biossl {

/// For implementations: views made on the host by an operation that takes a crop (Crop, PatchCrop) for every image.
/// View v of an image is drawn from Random(seed, Purpose::views, epoch, image, v).
template <class Each>
class CroppedViews : public Views {
 public:
  void make(std::uint32_t epoch, std::uint32_t view, const Tensor& rows, Tensor& dst) final {
    write_each(rows, dst, [&](std::int32_t row) {
      return draw(Random(source_.seed, Purpose::views, epoch, static_cast<std::uint32_t>(row), view));
    });
  }
  void show(const Tensor& rows, Tensor& dst) final {
    write_each(rows, dst, [&](std::int32_t) { return middle(); });
  }
  void expect(const Tensor& rows) final { images_.expect(rows); }

 protected:
  /// Throws std::invalid_argument for a GPU.
  CroppedViews(std::string_view kind, const ViewSource& source)
      : source_(on_host(kind, source)), images_(source), crops_(static_cast<std::size_t>(source.batch)) {}

  virtual Each draw(Random random) const = 0;
  /// What a network that is only read sees of an image.
  virtual Each middle() const = 0;
  virtual void write(const SourceImages::Rows& from, std::span<const Each> crops, Tensor& dst) const = 0;

  std::int64_t height() const { return source_.dataset.image_shape()[0]; }
  std::int64_t width() const { return source_.dataset.image_shape()[1]; }

 private:
  static const ViewSource& on_host(std::string_view kind, const ViewSource& source) {
    check_views_device(kind, source.device);
    return source;
  }

  template <class CropOf>
  void write_each(const Tensor& rows, Tensor& dst, const CropOf& crop_of) {
    check_batch(source_, rows);
    const std::span crops(crops_.data(), static_cast<std::size_t>(rows.size()));
    const auto* row = rows.data<const std::int32_t>();
    for (std::size_t n = 0; n < crops.size(); ++n) crops[n] = crop_of(row[n]);
    write(images_.at(rows), crops, dst);
  }

  ViewSource source_;
  SourceImages images_;
  std::vector<Each> crops_;
};

}  // namespace biossl
