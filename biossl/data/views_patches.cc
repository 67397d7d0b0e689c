#include "biossl/data/cropped_views.h"
#include "biossl/data/random_crop.h"

namespace biossl {
namespace {

struct PatchOptions {
  std::int64_t crop = 64;
  std::int64_t patch = 16;
  std::int64_t stride = 8;
  double mirror = 0.5;
  double mean = 0.4120;
  double std = 0.2570;

  template <class Visitor>
  void visit(Visitor& field) {
    field("crop", crop, "side of the square that is cut into patches, pixels; images must be as large");
    field("patch", patch, "side of a patch, pixels: the image that the network sees");
    field("stride", stride, "pixels from a patch to the next one");
    field("mirror", mirror, "share of the squares that are mirrored left to right");
    field("mean", mean, "subtracted from every grey value, in [0,1]");
    field("std", std, "divisor after that: patches hold (x - mean) / std");
  }

  PatchCut cut() const {
    return {.crop = crop,
            .patch = patch,
            .stride = stride,
            .mean = static_cast<float>(mean),
            .deviation = static_cast<float>(std)};
  }
};

constexpr std::string_view patches_kind = "patches";

ViewPlan plan_of(const PatchOptions& options, const Shape& image) {
  check_views(options.patch >= 1 && options.patch <= options.crop && options.crop <= 4096, patches_kind,
              "patch = {}, crop = {}; must be between 1 and 4096, and a patch no larger than the crop", options.patch,
              options.crop);
  check_views(options.stride >= 1 && options.stride <= 4096, patches_kind, "stride = {}; must be between 1 and 4096",
              options.stride);
  check_views(options.cut().grid().is_cut(), patches_kind,
              "crop = {}, patch = {}, stride = {} give a single patch; set a smaller patch or stride", options.crop,
              options.patch, options.stride);
  check_views(options.mirror >= 0 && options.mirror <= 1, patches_kind, "mirror = {}; must be between 0 and 1",
              options.mirror);
  check_views(options.mean >= -100 && options.mean <= 100 && options.std >= 1e-3 && options.std <= 100, patches_kind,
              "mean = {}, std = {}; must be between -100 and 100, and between 0.001 and 100", options.mean,
              options.std);
  check_views(image[2] == 3 || image[2] == 1, patches_kind,
              "images of shape {} have {} channels; patches are grey, made of 3 colours or of 1 channel",
              to_string(image), image[2]);
  check_views(image[0] >= options.crop && image[1] >= options.crop, patches_kind,
              "images are {}x{}, smaller than views.crop = {}; set a smaller crop, or let the images be larger",
              image[0], image[1], options.crop);
  return {.image = {options.patch, options.patch, 1},
          .grid = options.cut().grid(),
          .views = 1,
          .mean = options.mean,
          .deviation = options.std,
          .square = options.crop};
}

/// CLAPP's views (Illing, Ventura, Bellec & Gerstner 2021): a random square of a grey image, cut into patches. Losses
/// compare the patches of one image, so a view an image is enough.
class PatchViews final : public CroppedViews<PatchCrop> {
 public:
  static constexpr Traits traits{
      .suit =
          [](const Dataset& dataset) {
            const Shape& image = dataset.image_shape();
            const std::int64_t side = PatchOptions{}.crop;
            return image[0] >= side && image[1] >= side && (image[2] == 3 || image[2] == 1);
          },
      .plan = [](const Settings& settings,
                 const Shape& image) { return plan_of(read_options<PatchOptions>("patches", settings), image); },
      .host_only = true};

  PatchViews(const PatchOptions& options, const ViewSource& source)
      : CroppedViews("patches", source), mirror_(options.mirror), cut_(options.cut()) {
    plan_of(options, source.dataset.image_shape());
  }

 private:
  PatchCrop draw(Random random) const override {
    return draw_patch_crop(random, cut_.crop, mirror_, height(), width());
  }
  PatchCrop middle() const override { return {.top = (height() - cut_.crop) / 2, .left = (width() - cut_.crop) / 2}; }
  void write(const SourceImages::Rows& from, std::span<const PatchCrop> crops, Tensor& dst) const override {
    ops::cut_patches(from.pixels, from.places, crops, cut_, dst);
  }

  double mirror_;
  PatchCut cut_;
};

const Registration<ViewsRegistry, PatchViews, PatchOptions> registration(
    "patches", "grey patches of a random square, each an image of its own (CLAPP, Illing et al. 2021)");

}  // namespace
}  // namespace biossl
