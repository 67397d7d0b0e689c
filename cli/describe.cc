#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <set>

#include "biossl/core/processor.h"
#include "biossl/core/text.h"
#include "biossl/feedback/feedback.h"
#include "biossl/recipe/components.h"
#include "biossl/recipe/recipe_difference.h"
#include "biossl/rules/rule.h"
#include "biossl/runs/precision.h"
#include "cli/commands.h"
#include "cli/options.h"

namespace biossl::cli {
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

void print(const LayerRow& row) {
  fmt::print("{:<8} {:<34} {:>10} {:>10} {:>12} {:>14}\n", row.name, row.what, row.input, row.output, row.parameters,
             row.operations);
}

/// Where the network sees something else than whole images.
void print_views(const Recipe& recipe, const Shape& image, const ViewPlan& plan) {
  if (plan.keeps(image)) return;
  fmt::print("views {}: {} of {}, ", recipe.views.kind,
             plan.views == 1 ? "a view" : fmt::format("{} views", plan.views), extents(image));
  if (!plan.grid.is_cut()) return fmt::print("scaled to {}\n", extents(plan.image));
  fmt::print("cut into {} patches of {}, a grid of {}x{}\n", plan.grid.size(), extents(plan.image), plan.grid.rows,
             plan.grid.columns);
}

void print_network(const Recipe& recipe, Network& network, const PatchGrid& grid) {
  const InputScale& input = network.spec().input;
  fmt::print("network {} on images of {}{}\n", recipe.preset.empty() ? "of the recipe's own" : recipe.preset,
             extents(network.image()),
             input.is_identity() ? "" : fmt::format(", seen as (x - {}) / {}", input.mean, input.std));
  fmt::print("{:<8} {:<34} {:>10} {:>10} {:>12} {:>14}\n", "", "", "input", "output", "parameters", "operations");
  LayerRow total{"total", "", "", "", 0, 0};
  const auto add = [&](const LayerRow& row) {
    print(row);
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
  print(total);
  fmt::print("operations: multiplications and additions of one {}'s forward pass\n", grid.is_cut() ? "patch" : "image");
}

/// The type that training on this machine would compute with.
void print_precision(const Recipe& recipe) {
  const std::string& precision = recipe.train.precision;
  const std::string here =
      precision == "auto" ? fmt::format("auto, here {}", name_of(compute_type(precision, Device::cpu))) : precision;
  fmt::print("precision {} ({}{})\n", here, bfloat16_support(Device::cpu),
             can_train(precision, Device::cpu) ? "" : "; to train here, add --set train.precision=float32");
}

void print_rule(const Recipe& recipe, const LearningRule& rule) {
  fmt::print("\nrule {}: {}\n", recipe.rule.kind, RuleRegistry::instance().find(recipe.rule.kind).summary);
  fmt::print("  {} epochs in all (train.epochs = {})\n", rule.total_epochs(), recipe.train.epochs);
}

void print_property(const char* number, bool kept, const char* property, const std::string& why) {
  fmt::print("  {:<5} {:<6} {}\n               {}\n", number, kept ? "kept" : "broken", property, why);
}

/// The paper's four properties, from what the components say of themselves.
void print_properties(const Recipe& recipe, const DryBuild& built) {
  const auto& [views, network, loss, rule] = built;
  const Feedback& feedback = network->block(0).synapses().feedback();
  const Plausibility its = loss->plausibility() & rule->plausibility() & feedback.plausibility();
  fmt::print("\nbiological plausibility (loss {}, rule {}, feedback {})\n", recipe.loss.kind, recipe.rule.kind,
             feedback.name());
  print_property("(i)", its.recent_activity, "a weight changes by current activity alone",
                 its.recent_activity
                     ? "An error needs what is seen now and at most a few views remembered from before, and moves only "
                       "the present."
                     : "The loss compares a view with the whole batch, or changes what was active for a past view.");
  print_property("(ii)", its.plain_arithmetic, "no normalisation, inner product or division in the loss",
                 its.plain_arithmetic ? "The loss adds, subtracts and compares; its error is a sum of signs."
                                      : "The loss normalises, divides or multiplies activities with each other.");
  print_property("(iii)", its.separate_weights, "forward and feedback connections are separate weights",
                 fmt::format("{} {}", its.account,
                             its.local_to_blocks ? "They cross only the head of their own block."
                                                 : fmt::format("They cross the head and all {} layers above the first.",
                                                               network->depth() - 1)));
  print_property("(iv)", !loss->reads_labels(), "no labels",
                 loss->reads_labels()
                     ? "THE LOSS READS THE LABELS: this is supervised learning, a ceiling to compare with."
                     : fmt::format("Pretraining sees {} only; labels serve the probe alone.",
                                   views.grid.is_cut() ? "patches of images" : "pairs of views"));
}

/// What has another value than in a recipe that names nothing. A component's own settings are compared with their
/// defaults, whichever component the defaults name.
void print_changes(const Recipe& recipe) {
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
  fmt::print("\ndiffers from the defaults\n");
  for (const Difference& change : changes) {
    fmt::print("  {} = {}{}\n", change.key, change.one,
               change.other.empty() ? "" : fmt::format("  (default {})", change.other));
  }
}

struct DescribeCommand {
  RecipeOptions recipe;
  bool changes = false;
  PlaceOptions place;
};

/// The images' shape. Where their files are not at hand it is assumed, and `notes` say why.
Shape shape_of_images(const Recipe& recipe, const ExecutionContext& place, std::vector<std::string>& notes) {
  try {
    return image_shape(recipe, place);
  } catch (const BadInput& unknown) {
    if (!place.data.empty()) throw;
    const Shape assumed = image_shape(recipe);
    notes.push_back(fmt::format("images of {} are assumed: {}", extents(assumed), unknown.what()));
    return assumed;
  }
}

void describe(const DescribeCommand& command) {
  const ExecutionContext place = command.place.settle();
  Recipe recipe = command.recipe.read();
  const Shape image = shape_of_images(recipe, place, recipe.notes);
  const DryBuild outline(recipe, image);
  print_views(recipe, image, outline.views);
  print_network(recipe, *outline.network, outline.views.grid);
  print_precision(recipe);
  print_rule(recipe, *outline.rule);
  if (!outline.rule->sample_epochs().empty()) print_properties(recipe, outline);
  if (command.changes) print_changes(recipe);
  if (!recipe.notes.empty()) fmt::print("\n{}\n", joined(recipe.notes, "\n"));
}

}  // namespace

void add_describe(Command app) {
  Command sub = app.add_subcommand("describe", "a recipe's network, and how plausible its learning is");
  const auto command = std::make_shared<DescribeCommand>();
  sub.add_option("recipe", command->recipe.file, "recipe file, - for standard input [the demo's]")
      .check(path_word())
      .type_name("RECIPE");
  command->recipe.add_changes(sub);
  sub.add_flag("--changes", command->changes, "also what differs from the defaults");
  command->place.add_data(sub);
  sub.footer(
      "Images from files are looked at where only they know their size: give --data.\n"
      "  biossl describe recipes/quick.toml\n"
      "  biossl describe recipes/quick.toml --set network.preset=vgg6");
  sub.callback([command] { describe(*command); });
}

}  // namespace biossl::cli
