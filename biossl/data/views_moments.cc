#include "biossl/data/rendered_views.h"

namespace biossl {
namespace {

/// View v of an image is its object at the moment drawn by Random(seed, Purpose::world, epoch, image, v + 1).
class MomentViews final : public RenderedViews {
 public:
  static constexpr Traits traits{.suit = [](const Dataset& dataset) { return dataset.has_moments(); }};

  MomentViews(const NoOptions& /*options*/, const ViewSource& source) : RenderedViews(source) {
    check(source.dataset.has_moments(), "views.moments",
          "this data set holds still images, which have no other moments; use kind = \"deform\" for it, or the data "
          "set \"world\"");
  }

 private:
  void render(std::uint32_t epoch, std::uint32_t image, std::uint32_t view, std::uint8_t* to) const override {
    const Random random(source().seed, Purpose::world, epoch, image, view + 1);
    source().dataset.render_moment(image, random, to);
  }
};

const Registration<ViewsRegistry, MomentViews, NoOptions> registration(
    "moments", "moments of one object that turns, moves and changes light; for the data set \"world\"");

}  // namespace
}  // namespace biossl
