#include <algorithm>

#include "biossl/data/capability.h"
#include "biossl/data/moments.h"
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
  static constexpr Traits traits{
      .suit = [](const Dataset& dataset) { return Capability<MomentSource>(dataset).exists(); }};

  MomentViews(const MomentOptions& options, const ViewSource& source)
      : RenderedViews(source), moments_(source.dataset), sequences_(source.dataset), gap_(options.gap) {
    check_views(
        moments_.exists(), "moments",
        "this data set holds still images, which have no other moments; use kind = \"deform\" for it, or the data "
        "set \"world\"");
    const std::int64_t moments = sequences_.exists() ? sequences_->sequence_length() : 0;
    check_views(gap_ == 0 || moments > 0, "moments", "gap = {}; this data set has no sequences, so leave it 0", gap_);
    check_views(gap_ >= 0 && gap_ <= std::max<std::int64_t>(moments - 1, 0), "moments",
                "gap = {}; a sequence has {} moments, so 0 to {}", gap_, moments, moments - 1);
  }

 private:
  void render(std::uint32_t epoch, std::uint32_t image, std::uint32_t view, std::uint8_t* to) const override {
    const auto random = [&](std::uint32_t use) { return Random(source().seed, Purpose::world, epoch, image, use); };
    if (gap_ == 0) return moments_->render_moment(moments_.row(image), random(view + 1), to);
    Random start = random(4);
    const std::int64_t first = start.below(static_cast<std::uint32_t>(sequences_->sequence_length() - gap_));
    sequences_->render_in_sequence(sequences_.row(image), random(SequenceSource::view), first + view * gap_, to);
  }

  Capability<MomentSource> moments_;
  Capability<SequenceSource> sequences_;
  std::int64_t gap_;
};

const Registration<ViewsRegistry, MomentViews, MomentOptions> registration(
    "moments", "moments of one object that turns, moves and changes light; for the data set \"world\"");

}  // namespace
}  // namespace biossl
