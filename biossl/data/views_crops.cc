#include "biossl/data/cropped_views.h"
#include "biossl/data/random_crop.h"

namespace biossl {
namespace {

struct CropOptions {
  std::int64_t size = 0;
  CropRange range;

  template <class Visitor>
  void visit(Visitor& field) {
    field("size", size, "side of a view, pixels; 0: as large as the image");
    field("min_area", range.min_area, "smallest share of the image's area that a crop has");
    field("max_area", range.max_area, "largest share");
    field("min_aspect", range.min_aspect, "smallest width over height of a crop; its logarithm is uniform");
    field("max_aspect", range.max_aspect, "largest width over height");
    field("mirror", range.mirror, "share of the views that are mirrored left to right");
    field("jitter", range.jitter, "share of the views whose colours change; 0 for images that have none");
    field("brightness", range.brightness, "colours are multiplied by a factor that differs from 1 by up to this");
    field("contrast", range.contrast, "likewise their distance from the view's mean grey");
    field("saturation", range.saturation, "likewise their distance from the pixel's grey");
    field("hue", range.hue, "hue is shifted by up to this either way, in turns");
    field("grey", range.grey, "share of the views that lose their colours; 0 for images that have none");
    if (range.jitter == 0) {
      for (const char* key : {"brightness", "contrast", "saturation", "hue"}) {
        field.unused(key, "jitter = 0 changes no colours");
      }
    }
  }
};

constexpr std::string_view crops_kind = "crops";

void check_options(const CropOptions& options) {
  const CropRange& range = options.range;
  check_views(options.size >= 0 && options.size <= 4096, crops_kind,
              "size = {}; must be between 0 (the image's) and 4096", options.size);
  check_views(range.min_area > 0 && range.min_area <= range.max_area && range.max_area <= 1, crops_kind,
              "min_area = {}, max_area = {}; must be shares above 0 and up to 1, the smaller one first", range.min_area,
              range.max_area);
  check_views(range.min_aspect >= 0.01 && range.min_aspect <= range.max_aspect && range.max_aspect <= 100, crops_kind,
              "min_aspect = {}, max_aspect = {}; must be between 0.01 and 100, the smaller one first", range.min_aspect,
              range.max_aspect);
  const auto share = [](const char* name, double value) {
    check_views(value >= 0 && value <= 1, crops_kind, "{} = {}; must be between 0 and 1", name, value);
  };
  share("mirror", range.mirror);
  share("jitter", range.jitter);
  share("grey", range.grey);
  const auto spread = [](const char* name, double value, double most) {
    check_views(value >= 0 && value <= most, crops_kind, "{} = {}; must be between 0 and {}", name, value, most);
  };
  spread("brightness", range.brightness, 100);
  spread("contrast", range.contrast, 100);
  spread("saturation", range.saturation, 100);
  spread("hue", range.hue, 0.5);
}

ViewPlan plan_of(const CropOptions& options, const Shape& image) {
  check_options(options);
  check_views(image[2] == 3 || (options.range.jitter == 0 && options.range.grey == 0), crops_kind,
              "images of shape {} have {} channels, which are no colours; set views.jitter = 0 and views.grey = 0",
              to_string(image), image[2]);
  if (options.size == 0) return {.image = image};
  return {.image = {options.size, options.size, image[2]}};
}

/// SimCLR's views: random resized crops, mirrored, with other colours or none.
class CropViews final : public CroppedViews<Crop> {
 public:
  static constexpr Traits traits{
      .suit = [](const Dataset& dataset) { return dataset.image_shape()[2] == 3; },
      .plan = [](const Settings& settings,
                 const Shape& image) { return plan_of(read_options<CropOptions>("crops", settings), image); },
      .host_only = true};

  CropViews(const CropOptions& options, const ViewSource& source)
      : CroppedViews("crops", source),
        range_(options.range),
        view_(plan_of(options, source.dataset.image_shape()).image) {}

 private:
  Crop draw(Random random) const override { return draw_crop(random, range_, height(), width()); }
  Crop middle() const override {
    return middle_crop(height(), width(), static_cast<double>(view_[1]) / static_cast<double>(view_[0]));
  }
  void write(const SourceImages::Rows& from, std::span<const Crop> crops, Tensor& dst) const override {
    ops::crop(from.pixels, from.places, crops, dst);
  }

  CropRange range_;
  Shape view_;
};

const Registration<ViewsRegistry, CropViews, CropOptions> registration(
    "crops", "random resized crops, mirrored, with other colours or none (SimCLR, Chen et al. 2020)");

}  // namespace
}  // namespace biossl
