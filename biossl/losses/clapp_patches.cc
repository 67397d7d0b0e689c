#include <vector>

#include "biossl/core/random.h"
#include "biossl/losses/loss.h"
#include "biossl/losses/patch_steps.h"
#include "biossl/ops/elementwise.h"
#include "biossl/ops/ops.h"
#include "biossl/ops/row_pairs.h"

namespace biossl {
namespace {

struct ClappPatchesOptions {
  PatchSteps steps;
  std::string negatives = "random";
  std::string sampling = "either";

  template <class Visitor>
  void visit(Visitor& field) {
    steps.visit(field);
    field("negatives", negatives,
          "\"random\": any patch of another image; \"same_place\": of another image, where the positive is; "
          "\"one_image\": as \"same_place\", with one other image for all patches");
    field("sampling", sampling,
          "\"either\": a coin chooses positives or negatives for each image (CLAPP); \"both\": always both (CLAPP-s)");
    field.refuse("block_gradient", "the error of a prediction is what the prediction matrices learn from");
  }
};

/// CLAPP (Illing, Ventura, Bellec & Gerstner 2021) on the patches of an image: from the map that a block has for a
/// patch, learnt matrices W_k predict the map that it has for the patch k + skip rows below, but not that of a patch of
/// another image. Maps are averaged over their positions, as in the published code: z(i, r, c).
///   s(k, i, r, c; t) = <W_k z(i, r, c), t>
///   L_k = mean [1 - s(t = z(i, r + k + skip, c))]+ + mean [1 + s(t = z of a negative)]+,  L = 1/K sum_k L_k
/// The means are over the places that have a patch so far below, and over the images that learn from the term. With
/// `sampling` = "either" a coin decides for every image and batch; a set that stays empty adds nothing. A negative is
/// a patch in a row that has positives at step k, of an image j != i. Coins and negatives are drawn anew for every
/// batch, the same for the losses of all blocks: the coin is what the paper broadcasts to the whole network (whether
/// the eye has moved). A last batch of one image has no negatives, so it learns from its positives.
/// The embeddings are those of the head "patch_prediction", [W_1 z, ..., W_K z, z]; context and target both get errors.
class ClappPatches final : public Loss {
 public:
  static constexpr const char* abbreviation = "CLAPP, patches";
  static constexpr Traits traits{.compares_patches = true};

  static std::vector<Settings> variants() {
    return {{{"sampling", std::string("either")}}, {{"sampling", std::string("both")}}};
  }

  ClappPatches(const ClappPatchesOptions& options, const LossSetup& setup)
      : options_(options), grid_(setup.grid), seed_(setup.seed) {
    check_choice("clapp_patches", "negatives", options.negatives, {"random", "same_place", "one_image"});
    check_choice("clapp_patches", "sampling", options.sampling, {"either", "both"});
    ops::require_host(setup.device, "clapp_patches");
    check(setup.batch >= 2, "clapp_patches",
          "a batch of one image holds no other image to draw negatives from; set train.batch to at least 2");
    options.steps.check_grid("clapp_patches", setup);
    check(!grid_.is_cut() || setup.features % vectors() == 0, "clapp_patches",
          "embeddings of {} numbers are not {} predictions and a target; leave out network.head.kind, so that the head "
          "makes them",
          setup.features, predictions());
    sides_.resize(static_cast<std::size_t>(setup.batch));
    if (grid_.is_cut()) pairs_.reserve(static_cast<std::size_t>(2 * setup.batch * options.steps.all_places(grid_)));
    summed_ = Tensor({2}, DType::float64, setup.device);
  }

  void evaluate(const Tensor& embeddings, const StepContext& context, Tensor& errors, Tensor& totals) override {
    const std::int64_t images = embeddings.extent(0) / grid_.size();
    const Shape rows{embeddings.extent(0) * vectors(), embeddings.extent(1) / vectors()};
    draw_sides(context, images);
    pairs_.clear();
    for (std::int64_t k = 1; k <= predictions(); ++k) {
      Random stream = stream_of(context, k);
      for (std::int64_t image = 0; image < images; ++image) list_pairs(image, k, images, stream);
    }
    summed_.fill_zero();
    Tensor errors_of_rows = errors.reshaped(rows);
    ops::product_hinge(embeddings.reshaped(rows), pairs_, errors_of_rows, summed_);
    ops::add_loss(summed_, 1.0, errors.reshaped({images, errors.size() / images}), totals);
  }

  std::string head() const override { return "patch_prediction"; }
  std::int64_t predictions() const override { return options_.steps.steps; }
  bool stops_gradient() const override { return false; }
  /// The negative may be any image of the batch, and the patch seen before changes too. s is an inner product.
  Plausibility plausibility() const override { return {.recent_activity = false, .plain_arithmetic = false}; }

 private:
  /// What an image learns from in a batch.
  struct Side {
    bool positive, negative;
    std::int64_t other;  ///< the image that "one_image" takes negatives from
  };

  /// Vectors in an embedding: the predictions and the target.
  std::int64_t vectors() const { return predictions() + 1; }

  /// The stream of step k of a batch; 0: of what is drawn once an image.
  Random stream_of(const StepContext& context, std::int64_t k) const {
    return {seed_, Purpose::negatives, static_cast<std::uint32_t>(context.epoch),
            static_cast<std::uint32_t>(context.batch), static_cast<std::uint32_t>(k)};
  }

  void draw_sides(const StepContext& context, std::int64_t images) {
    Random stream = stream_of(context, 0);
    const bool both = options_.sampling == "both";
    positives_ = negatives_ = 0;
    for (std::int64_t image = 0; image < images; ++image) {
      Side& side = sides_[static_cast<std::size_t>(image)];
      const bool coin = stream.coin();
      side = {.positive = both || coin || images == 1,
              .negative = (both || !coin) && images > 1,
              .other = draw_other(image, images, stream)};
      positives_ += side.positive ? 1 : 0;
      negatives_ += side.negative ? 1 : 0;
    }
  }

  /// An image other than this one; this one where there is no other.
  static std::int64_t draw_other(std::int64_t image, std::int64_t images, Random& stream) {
    if (images == 1) return image;
    const std::int64_t drawn = stream.below(static_cast<std::uint32_t>(images - 1));
    return drawn < image ? drawn : drawn + 1;
  }

  void list_pairs(std::int64_t image, std::int64_t k, std::int64_t images, Random& stream) {
    const Side& side = sides_[static_cast<std::size_t>(image)];
    const std::int64_t offset = options_.steps.offset(k, grid_);
    const std::int64_t places = options_.steps.places(k, grid_);
    const auto share = [&](std::int64_t learning) {
      return 1.0 / static_cast<double>(learning * places * predictions());
    };
    for (std::int64_t place = 0; place < places; ++place) {
      const std::int32_t prediction = row_of(image, place, k - 1);
      if (side.positive) pairs_.push_back({prediction, target_of(image, place + offset), share(positives_)});
      if (!side.negative) continue;
      const std::int64_t other = options_.negatives == "one_image" ? side.other : draw_other(image, images, stream);
      const std::int64_t from =
          options_.negatives == "random" ? stream.below(static_cast<std::uint32_t>(places)) : place;
      pairs_.push_back({prediction, target_of(other, from + offset), -share(negatives_)});
    }
  }

  /// The row of the embeddings, as a matrix of vectors.
  std::int32_t row_of(std::int64_t image, std::int64_t place, std::int64_t vector) const {
    return static_cast<std::int32_t>((image * grid_.size() + place) * vectors() + vector);
  }
  std::int32_t target_of(std::int64_t image, std::int64_t place) const { return row_of(image, place, predictions()); }

  ClappPatchesOptions options_;
  PatchGrid grid_;
  std::uint64_t seed_;
  std::vector<Side> sides_;                     // by image of the batch
  std::int64_t positives_ = 0, negatives_ = 0;  // images of the batch that learn from them
  std::vector<RowPair> pairs_;                  // of the batch
  Tensor summed_;
};

const Registration<LossRegistry, ClappPatches, ClappPatchesOptions> registration(
    "clapp_patches", "learnt matrices predict a patch from those above it, not another image's (Illing et al. 2021)");

}  // namespace
}  // namespace biossl
