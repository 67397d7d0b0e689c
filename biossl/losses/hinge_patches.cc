#include "biossl/losses/hinge_bounds.h"
#include "biossl/losses/loss.h"
#include "biossl/losses/patch_steps.h"
#include "biossl/ops/elementwise.h"
#include "biossl/ops/ops.h"

namespace biossl {
namespace {

struct HingePatchesOptions {
  PatchSteps steps;
  HingeBounds bounds;
  bool block_gradient = true;

  template <class Visitor>
  void visit(Visitor& field) {
    steps.visit(field);
    bounds.visit(field);
    field("block_gradient", block_gradient, "no error reaches the upper patch of a compared pair");
    bounds.visit_unused(field);
  }
};

/// The contrastive hinge (`Hinge` in ops/types.h) between patches of a column: the embedding e(i, r, c) of a patch is
/// compared with that of patch (r + k + skip, c), which is seen later. With M = the number of (k, r, c) in the grid:
///   L = 1/M sum_(k,r,c) H(a, b),  a_i = e(i, r, c),  b_i = e(i, r + k + skip, c)
/// H is the hinge of a batch: the patch of the same image is to be near, those of the images before it far. With the
/// gradient block a patch gets an error as b alone.
class HingePatches final : public Loss {
 public:
  static constexpr const char* abbreviation = "hinge, patches";
  static constexpr Traits traits{.compares_patches = true};

  HingePatches(const HingePatchesOptions& options, const LossSetup& setup)
      : steps_(options.steps),
        hinge_(options.bounds.hinge("hinge_patches")),
        blocks_gradient_(options.block_gradient),
        grid_(setup.grid) {
    ops::require_host(setup.device, "hinge_patches");
    check(setup.batch >= 2, "hinge_patches",
          "a batch of one image holds no other image to keep away from; set train.batch to at least 2");
    steps_.check_grid("hinge_patches", setup);
    const std::int64_t patches = setup.batch * grid_.size();
    for (Tensor* tensor : {&by_place_, &d_by_place_}) {
      *tensor = Tensor({patches, setup.features}, setup.dtype, setup.device);
    }
    for (Tensor* tensor : {&d_later_, &d_earlier_}) {
      *tensor = Tensor({setup.batch, setup.features}, setup.dtype, setup.device);
    }
    for (Tensor* tensor : {&to_places_, &to_images_}) *tensor = Tensor({patches}, DType::int32, setup.device);
    summed_ = Tensor({2}, DType::float64, setup.device);
  }

  void evaluate(const Tensor& embeddings, const StepContext& /*context*/, Tensor& errors, Tensor& totals) override {
    const std::int64_t patches = embeddings.extent(0);
    images_ = patches / grid_.size();
    order(patches);
    Tensor by_place = by_place_.rows(0, patches);
    Tensor d_by_place = d_by_place_.rows(0, patches);
    ops::gather_rows(embeddings, to_places_.rows(0, patches), by_place);
    d_by_place.fill_zero();
    summed_.fill_zero();
    const double share = 1.0 / static_cast<double>(steps_.all_places(grid_));
    for (std::int64_t k = 1; k <= steps_.steps; ++k) {
      for (std::int64_t place = 0; place < steps_.places(k, grid_); ++place) {
        compare(place, place + steps_.offset(k, grid_), share);
      }
    }
    ops::gather_rows(d_by_place, to_images_.rows(0, patches), errors);
    ops::add_loss(summed_, share, errors.reshaped({images_, errors.size() / images_}), totals);
  }

  bool stops_gradient() const override { return false; }
  bool is_differentiable() const override { return !blocks_gradient_; }
  Plausibility plausibility() const override { return {.recent_activity = hinge_.recent > 0 && blocks_gradient_}; }

 private:
  /// Which row lies where: patch p of image i is row i * places + p of the embeddings, and row p * images + i by place.
  void order(std::int64_t patches) {
    auto* to_places = to_places_.data<std::int32_t>();
    auto* to_images = to_images_.data<std::int32_t>();
    for (std::int64_t row = 0; row < patches; ++row) {
      to_places[row] = static_cast<std::int32_t>(row % images_ * grid_.size() + row / images_);
      to_images[row] = static_cast<std::int32_t>(row % grid_.size() * images_ + row / grid_.size());
    }
  }

  /// All images' patches at one place with those at a later one.
  void compare(std::int64_t earlier, std::int64_t later, double share) {
    const auto at = [&](const Tensor& tensor, std::int64_t place) {
      return tensor.rows(place * images_, (place + 1) * images_);
    };
    Tensor d_earlier = blocks_gradient_ ? Tensor() : d_earlier_.rows(0, images_);
    Tensor d_later = d_later_.rows(0, images_);
    ops::contrastive_hinge(at(by_place_, earlier), at(by_place_, later), hinge_, d_earlier, d_later, summed_);
    const auto add = [&](const Tensor& error, std::int64_t place) {
      Tensor sum = at(d_by_place_, place);
      ops::add_scaled(sum, share, error, sum);
    };
    add(d_later, later);
    if (!blocks_gradient_) add(d_earlier, earlier);
  }

  PatchSteps steps_;
  Hinge hinge_;
  bool blocks_gradient_;
  PatchGrid grid_;
  std::int64_t images_ = 0;       // of the batch
  Tensor by_place_, d_by_place_;  // embeddings and errors, all images' at a place together
  Tensor d_earlier_, d_later_;    // of one comparison
  Tensor to_places_, to_images_;  // which rows of one order make the other
  Tensor summed_;
};

const Registration<LossRegistry, HingePatches, HingePatchesOptions> registration(
    "hinge_patches", "the contrastive hinge between patches of a column of one image");

}  // namespace
}  // namespace biossl
