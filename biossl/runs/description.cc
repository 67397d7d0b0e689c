#include "biossl/runs/description.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <memory>
#include <set>
#include <utility>

#include "biossl/core/processor.h"
#include "biossl/core/text.h"
#include "biossl/core/wording.h"
#include "biossl/feedback/feedback.h"
#include "biossl/recipe/components.h"
#include "biossl/recipe/recipe_difference.h"
#include "biossl/rules/rule.h"
#include "biossl/runs/precision.h"

namespace biossl {
namespace {

std::string extents(const Shape& map) { return fmt::format("{}x{}x{}", map[0], map[1], map[2]); }

struct LayerRow {
  std::string name;
  std::string what;
  std::string input;
  std::string output;
  std::int64_t parameters;
  std::int64_t operations;
};

/// Text that grows.
class Text {
 public:
  template <class... Args>
  void add(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(text_), format, std::forward<Args>(args)...);
  }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

void add_row(Text& text, const LayerRow& row) {
  text.add("{:<8} {:<34} {:>10} {:>10} {:>12} {:>14}\n", row.name, row.what, row.input, row.output, row.parameters,
           row.operations);
}

/// Where the network sees something else than whole images.
void add_views(Text& text, const Recipe& recipe, const Shape& image, const ViewPlan& plan) {
  if (plan.keeps(image)) return;
  text.add("views {}: {} of {}, ", recipe.views.kind, plan.views == 1 ? "a view" : fmt::format("{} views", plan.views),
           extents(image));
  if (!plan.grid.is_cut()) return text.add("scaled to {}\n", extents(plan.image));
  text.add("cut into {} patches of {}, a grid of {}x{}\n", plan.grid.size(), extents(plan.image), plan.grid.rows,
           plan.grid.columns);
}

void add_network(Text& text, const Recipe& recipe, Network& network, const PatchGrid& grid) {
  const InputScale& input = network.spec().input;
  text.add("network {} on images of {}{}\n", recipe.preset.empty() ? "of the recipe's own" : recipe.preset,
           extents(network.image()),
           input.is_identity() ? "" : fmt::format(", seen as (x - {}) / {}", input.mean, input.std));
  text.add("{:<8} {:<34} {:>10} {:>10} {:>12} {:>14}\n", "", "", "input", "output", "parameters", "operations");
  LayerRow total{"total", "", "", "", 0, 0};
  const auto add = [&](const LayerRow& row) {
    add_row(text, row);
    total.parameters += row.parameters;
    total.operations += row.operations;
  };
  for (int index = 0; index < network.depth(); ++index) {
    const Block& block = network.block(index);
    add({fmt::format("block {}", index), block.description(), extents(block.plan().input), extents(block.plan().output),
         block.plan().parameters, block.plan().operations});
  }
  for (int index = 0; index < network.depth(); ++index) {
    if (!network.has_head(index)) continue;
    const Shape& map = network.block(index).plan().output;
    const Head& head = network.head(index);
    add({fmt::format("head {}", index), head.description(), extents(map), std::to_string(head.features()),
         head.parameters(), head.operations()});
  }
  add_row(text, total);
  text.add("operations: multiplications and additions of one {}'s forward pass\n", grid.is_cut() ? "patch" : "image");
}

/// The type that training on this machine would compute with.
void add_precision(Text& text, const Recipe& recipe) {
  const std::string& precision = recipe.train.precision;
  const std::string here =
      precision == "auto" ? fmt::format("auto, here {}", name_of(compute_type(precision, Device::cpu))) : precision;
  text.add("precision {} ({}{})\n", here, bfloat16_support(Device::cpu),
           can_train(precision, Device::cpu)
               ? ""
               : fmt::format("; to train here, add {}", wording::setting("train.precision", "float32")));
}

void add_rule(Text& text, const Recipe& recipe, const LearningRule& rule) {
  text.add("\nrule {}: {}\n", recipe.rule.kind, RuleRegistry::instance().find(recipe.rule.kind).summary);
  text.add("  {} epochs in all (train.epochs = {})\n", rule.total_epochs(), recipe.train.epochs);
}

void add_property(Text& text, const char* number, bool kept, const char* property, const std::string& why) {
  text.add("  {:<5} {:<6} {}\n               {}\n", number, kept ? "kept" : "broken", property, why);
}

/// The paper's four properties, from what the components say of themselves.
void add_properties(Text& text, const Recipe& recipe, const DryBuild& built) {
  const auto& [views, network, loss, rule] = built;
  const std::unique_ptr<Feedback> feedback = network->setup().feedback.make();
  const Plausibility its = loss->plausibility() & rule->plausibility() & feedback->plausibility();
  text.add("\nbiological plausibility (loss {}, rule {}, feedback {})\n", recipe.loss.kind, recipe.rule.kind,
           feedback->name());
  add_property(text, "(i)", its.recent_activity, "a weight changes by current activity alone",
               its.recent_activity
                   ? "An error needs what is seen now and at most a few views remembered from before, and moves only "
                     "the present."
                   : "The loss compares a view with the whole batch, or changes what was active for a past view.");
  add_property(text, "(ii)", its.plain_arithmetic, "no normalisation, inner product or division in the loss",
               its.plain_arithmetic ? "The loss adds, subtracts and compares; its error is a sum of signs."
                                    : "The loss normalises, divides or multiplies activities with each other.");
  add_property(text, "(iii)", its.separate_weights, "forward and feedback connections are separate weights",
               fmt::format("{} {}", its.account,
                           its.local_to_blocks ? "They cross only the head of their own block."
                                               : fmt::format("They cross the head and all {} layers above the first.",
                                                             network->depth() - 1)));
  add_property(text, "(iv)", !loss->reads_labels(), "no labels",
               loss->reads_labels()
                   ? "THE LOSS READS THE LABELS: this is supervised learning, a ceiling to compare with."
                   : fmt::format("Pretraining sees {} only; labels serve the probe alone.",
                                 views.grid.is_cut() ? "patches of images" : "pairs of views"));
}

/// What has another value than in a recipe that names nothing. A component's own settings are compared with their
/// defaults, whichever component the defaults name.
void add_changes(Text& text, const Recipe& recipe) {
  const std::set<std::string> choices{"data.pretrain", "data.probe", "views.kind",    "network.preset",
                                      "loss.kind",     "rule.kind",  "rule.feedback", "train.optimizer"};
  std::vector<Override> chosen;
  std::vector<Difference> changes;
  for (const Difference& change : differences(recipe, parse_recipe("", "defaults"))) {
    if (!choices.contains(change.key) || change.one.empty()) continue;
    changes.push_back(change);
    chosen.push_back({.key = change.key, .value = change.one});
  }
  for (const Difference& change : differences(recipe, parse_recipe("", "defaults", chosen))) {
    if (!change.one.empty()) changes.push_back(change);
  }
  std::ranges::sort(changes, {}, &Difference::key);
  text.add("\ndiffers from the defaults\n");
  for (const Difference& change : changes) {
    text.add("  {} = {}{}\n", change.key, change.one,
             change.other.empty() ? "" : fmt::format("  (default {})", change.other));
  }
}

/// The images' shape. Where their files are not at hand it is assumed, and `notes` say why.
Shape shape_of_images(const Recipe& recipe, const ExecutionContext& place, std::vector<std::string>& notes) {
  try {
    return image_shape(recipe, place);
  } catch (const BadInput& unknown) {
    const Shape assumed = image_shape(recipe);
    if (!place.data.empty() || assumed.size() == 0) throw;
    notes.push_back(fmt::format("images of {} are assumed: {}", extents(assumed), unknown.what()));
    return assumed;
  }
}

}  // namespace

std::string description(Recipe recipe, const ExecutionContext& place, bool changes) {
  const Shape image = shape_of_images(recipe, place, recipe.notes);
  const DryBuild built(recipe, image);
  Text text;
  add_views(text, recipe, image, built.views);
  add_network(text, recipe, *built.network, built.views.grid);
  add_precision(text, recipe);
  add_rule(text, recipe, *built.rule);
  if (!built.rule->sample_epochs().empty()) add_properties(text, recipe, built);
  if (changes) add_changes(text, recipe);
  if (!recipe.notes.empty()) text.add("\n{}\n", joined(recipe.notes, "\n"));
  return text.take();
}

}  // namespace biossl
