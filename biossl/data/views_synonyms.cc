#include "biossl/data/capability.h"
#include "biossl/data/rendered_views.h"
#include "biossl/data/synonyms.h"

namespace biossl {
namespace {

struct SynonymOptions {
  std::int64_t level = 1;

  template <class Visitor>
  void visit(Visitor& field) {
    field("level", level, "how many of the lowest levels of the hidden tree are drawn anew for a view");
  }
};

/// View v of an image is another string of its hidden tree, whose lowest levels are drawn by Random(seed,
/// "rhm.synonyms", epoch, image, v). At most all levels but the highest are drawn anew: views that share nothing but
/// their class would read the label.
class SynonymViews final : public RenderedViews {
 public:
  static constexpr Traits traits{.suit = [](const Dataset& dataset) {
    const Capability<SynonymSource> trees(dataset);
    return trees.exists() && trees->levels() > 1;
  }};

  SynonymViews(const SynonymOptions& options, const ViewSource& source)
      : RenderedViews(source), trees_(source.dataset), redrawn_(options.level) {
    check_views(trees_.exists(), "synonyms",
                "this data set has no hidden tree, and so no synonyms; use the data set \"rhm\"");
    const std::int64_t levels = trees_->levels();
    check_views(
        levels > 1, "synonyms",
        "a tree of one level has no synonyms to redraw: its views would share their class alone, which is the label");
    check_views(
        redrawn_ >= 1 && redrawn_ < levels, "synonyms",
        "level = {}; must be between 1 and {}: with all {} levels drawn anew the views would share their class alone, "
        "which is the label",
        redrawn_, levels - 1, levels);
  }

 private:
  void render(std::uint32_t epoch, std::uint32_t image, std::uint32_t view, std::uint8_t* to) const override {
    const Random random(source().seed, "rhm.synonyms", epoch, image, view);
    trees_->render_synonym(trees_.row(image), redrawn_, random, to);
  }

  Capability<SynonymSource> trees_;
  std::int64_t redrawn_;
};

const Registration<ViewsRegistry, SynonymViews, SynonymOptions> registration(
    "synonyms", "strings of one hidden tree with other synonyms at its lowest levels; for the data set \"rhm\"");

}  // namespace
}  // namespace biossl
