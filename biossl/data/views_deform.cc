#include "biossl/data/views.h"
#include "biossl/ops/ops.h"

namespace biossl {
namespace {

struct DeformOptions {
  double affine = 0.5;
  double perturb = 0.5;
  double saturation = 4.0;
  double hue = 0.2;

  template <class Visitor>
  void visit(Visitor& field) {
    field("affine", affine, "share of the views that an affine map moves; the others stay where they are");
    field("perturb", perturb, "affine coefficients vary by half of this either way, shifts by this");
    field("saturation", saturation, "saturation is multiplied by 2^v, v uniform within half of this either way");
    field("hue", hue, "hue is shifted by up to half of this either way, in turns");
    if (affine == 0) field.unused("perturb", "affine = 0 moves no view");
  }
};

/// Views of Tang, Yang & Amit (2022): a random affine map, random saturation and hue, random mirroring.
class DeformViews final : public Views {
 public:
  static constexpr Traits traits{.suit = [](const Dataset& dataset) { return dataset.image_shape()[2] == 3; }};

  DeformViews(const DeformOptions& options, const ViewSource& source)
      : source_(source),
        range_{static_cast<float>(options.affine), static_cast<float>(options.perturb),
               static_cast<float>(options.saturation), static_cast<float>(options.hue)},
        images_(source),
        parameters_({source.batch, ops::deform_parameters}, DType::float32, source.device) {
    check(options.affine >= 0 && options.affine <= 1, "views.deform", "affine = {}; must be between 0 and 1",
          options.affine);
    const auto possible = [](double value) { return value >= 0 && value <= 100; };
    check(possible(options.perturb) && possible(options.saturation) && possible(options.hue), "views.deform",
          "perturb = {}, saturation = {}, hue = {}; each must be between 0 and 100", options.perturb,
          options.saturation, options.hue);
    check(source.dataset.image_shape()[2] == 3, "views.deform", "images of shape {}; colours need 3 channels",
          to_string(source.dataset.image_shape()));
  }

  void make(std::uint32_t epoch, std::uint32_t view, const Tensor& rows, Tensor& dst) override {
    check_batch(source_, rows);
    Tensor parameters = parameters_.rows(0, rows.extent(0));
    ops::draw_deformations(source_.seed, epoch, view, rows, range_, parameters);
    const auto [pixels, places] = images_.at(rows);
    ops::deform(pixels, places, parameters, dst);
  }
  void expect(const Tensor& rows) override { images_.expect(rows); }

 private:
  ViewSource source_;
  DeformRange range_;
  SourceImages images_;
  Tensor parameters_;
};

const Registration<ViewsRegistry, DeformViews, DeformOptions> registration(
    "deform", "random affine map, saturation, hue and mirroring (Tang, Yang & Amit 2022)");

}  // namespace
}  // namespace biossl
