#include <algorithm>
#include <optional>

#include "biossl/core/parallel.h"
#include "biossl/core/wording.h"
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

/// Deforms images that do not have three colours: each channel as a grey image, all with the same parameters. Hue and
/// saturation leave grey values as they are, so only the affine maps show.
class ChannelDeformer {
 public:
  explicit ChannelDeformer(const ViewSource& source)
      : grey_({source.batch, source.dataset.image_shape()[0], source.dataset.image_shape()[1], 3}, DType::uint8,
              source.device),
        deformed_(grey_.shape(), DType::float32, source.device),
        each_(iota(source.batch, source.device)) {}

  void operator()(const SourceImages::Rows& from, const Tensor& parameters, Tensor& dst) {
    const std::int64_t count = dst.extent(0);
    const std::int64_t channels = dst.extent(3);
    Tensor deformed = deformed_.rows(0, count);
    for (std::int64_t channel = 0; channel < channels; ++channel) {
      spread(from, channel, count);
      ops::deform(grey_.rows(0, count), each_.rows(0, count), parameters, deformed);
      if (dst.dtype() == DType::float64) gather<double>(count, channel, dst);
      if (dst.dtype() == DType::float32) gather<float>(count, channel, dst);
      if (dst.dtype() == DType::bfloat16) gather<bfloat16>(count, channel, dst);
    }
  }

 private:
  std::int64_t image_pixels() const { return grey_.extent(1) * grey_.extent(2); }

  void spread(const SourceImages::Rows& from, std::int64_t channel, std::int64_t count) {
    const std::int64_t channels = from.pixels.extent(3);
    const auto* pixels = from.pixels.data<const std::uint8_t>() + channel;
    const auto* places = from.places.data<const std::int32_t>();
    auto* grey = grey_.data<std::uint8_t>();
    parallel_for(count, 1, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t n = begin; n < end; ++n) {
        const std::uint8_t* image = pixels + places[n] * image_pixels() * channels;
        std::uint8_t* to = grey + n * image_pixels() * 3;
        for (std::int64_t i = 0; i < image_pixels(); ++i) to = std::fill_n(to, 3, image[i * channels]);
      }
    });
  }

  template <class Real>
  void gather(std::int64_t count, std::int64_t channel, Tensor& dst) const {
    const std::int64_t channels = dst.extent(3);
    const auto* from = deformed_.data<const float>();
    auto* to = dst.data<Real>() + channel;
    parallel_for(count * image_pixels(), 256, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) to[i * channels] = static_cast<Real>(from[3 * i]);
    });
  }

  Tensor grey_;      // (batch, H, W, 3): one channel, three times
  Tensor deformed_;  // the same, float32
  Tensor each_;      // 0 .. batch-1
};

/// Views of Tang, Yang & Amit (2022): a random affine map, random saturation and hue, random mirroring.
class DeformViews final : public Views {
 public:
  // Of other images a GPU makes none.
  static constexpr Traits traits{.suit = [](const Dataset& dataset) { return dataset.image_shape()[2] == 3; }};

  DeformViews(const DeformOptions& options, const ViewSource& source)
      : source_(source),
        range_{static_cast<float>(options.affine), static_cast<float>(options.perturb),
               static_cast<float>(options.saturation), static_cast<float>(options.hue)},
        images_(source),
        parameters_({source.batch, ops::deform_parameters}, DType::float32, source.device) {
    check_views(options.affine >= 0 && options.affine <= 1, "deform", "affine = {}; must be between 0 and 1",
                options.affine);
    const auto possible = [](double value) { return value >= 0 && value <= 100; };
    check_views(possible(options.perturb) && possible(options.saturation) && possible(options.hue), "deform",
                "perturb = {}, saturation = {}, hue = {}; each must be between 0 and 100", options.perturb,
                options.saturation, options.hue);
    if (source.dataset.image_shape()[2] == 3) return;
    check_views(source.device != Device::cuda, "deform",
                "images of shape {}; a GPU deforms images of 3 channels only; use {}",
                to_string(source.dataset.image_shape()), wording::option("device", "cpu"));
    channels_.emplace(source);
  }

  void make(std::uint32_t epoch, std::uint32_t view, const Tensor& rows, Tensor& dst) override {
    check_batch(source_, rows);
    Tensor parameters = parameters_.rows(0, rows.extent(0));
    ops::draw_deformations(source_.seed, epoch, view, rows, range_, parameters);
    const SourceImages::Rows images = images_.at(rows);
    channels_ ? (*channels_)(images, parameters, dst) : ops::deform(images.pixels, images.places, parameters, dst);
  }
  void expect(const Tensor& rows) override { images_.expect(rows); }

 private:
  ViewSource source_;
  DeformRange range_;
  SourceImages images_;
  Tensor parameters_;
  std::optional<ChannelDeformer> channels_;  // for images that are not of three colours
};

const Registration<ViewsRegistry, DeformViews, DeformOptions> registration(
    "deform", "random affine map, saturation, hue and mirroring (Tang, Yang & Amit 2022)");

}  // namespace
}  // namespace biossl
