#include <algorithm>

#include "biossl/data/rendered_views.h"

namespace biossl {
namespace {

struct MomentOptions {
  std::int64_t gap = 0;

  template <class Visitor>
  void visit(Visitor& field) {
    field("gap", gap, "how many moments of a sequence lie between the two views; 0: two moments drawn independently");
  }
};

/// View v of an image is its object at the moment drawn by Random(seed, Purpose::world, epoch, image, v + 1). With a
/// gap, Random(seed, Purpose::world, epoch, image, 3) draws a sequence and, with 4, a moment t of it; view v shows the
/// moment t + v gap.
class MomentViews final : public RenderedViews {
 public:
  static constexpr Traits traits{.suit = [](const Dataset& dataset) { return dataset.has_moments(); }};

  MomentViews(const MomentOptions& options, const ViewSource& source) : RenderedViews(source), gap_(options.gap) {
    check_views(
        source.dataset.has_moments(), "moments",
        "this data set holds still images, which have no other moments; use kind = \"deform\" for it, or the data "
        "set \"world\"");
    const std::int64_t moments = source.dataset.sequence_length();
    check_views(gap_ == 0 || moments > 0, "moments", "gap = {}; this data set has no sequences, so leave it 0", gap_);
    check_views(gap_ >= 0 && gap_ <= std::max<std::int64_t>(moments - 1, 0), "moments",
                "gap = {}; a sequence has {} moments, so 0 to {}", gap_, moments, moments - 1);
  }

 private:
  void render(std::uint32_t epoch, std::uint32_t image, std::uint32_t view, std::uint8_t* to) const override {
    const Dataset& dataset = source().dataset;
    const auto random = [&](std::uint32_t use) { return Random(source().seed, Purpose::world, epoch, image, use); };
    if (gap_ == 0) return dataset.render_moment(image, random(view + 1), to);
    Random start = random(4);
    const std::int64_t first = start.below(static_cast<std::uint32_t>(dataset.sequence_length() - gap_));
    dataset.render_in_sequence(image, random(Dataset::sequence_view), first + view * gap_, to);
  }

  std::int64_t gap_;
};

const Registration<ViewsRegistry, MomentViews, MomentOptions> registration(
    "moments", "moments of one object that turns, moves and changes light; for the data set \"world\"");

}  // namespace
}  // namespace biossl
