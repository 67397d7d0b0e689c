#include "biossl/runs/description.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "biossl/core/processor.h"
#include "biossl/core/text.h"
#include "biossl/core/wording.h"
#include "biossl/feedback/feedback.h"
#include "biossl/io/json_text.h"
#include "biossl/recipe/component_table.h"
#include "biossl/recipe/components.h"
#include "biossl/recipe/recipe_difference.h"
#include "biossl/rules/rule.h"
#include "biossl/runs/precision.h"

namespace biossl {
namespace {

using OrderedJson = nlohmann::ordered_json;

std::string extents(const Shape& map) { return fmt::format("{}x{}x{}", map[0], map[1], map[2]); }

/// Where the network sees something else than whole images.
std::string views_of(const Recipe& recipe, const Shape& image, const ViewPlan& plan) {
  if (plan.keeps(image)) return "";
  const std::string seen =
      fmt::format("{}: {} of {}, ", recipe.views.kind, plan.views == 1 ? "a view" : fmt::format("{} views", plan.views),
                  extents(image));
  if (!plan.grid.is_cut()) return seen + fmt::format("scaled to {}", extents(plan.image));
  return seen + fmt::format("cut into {} patches of {}, a grid of {}x{}", plan.grid.size(), extents(plan.image),
                            plan.grid.rows, plan.grid.columns);
}

std::string summary_of(const Recipe& recipe, const Network& network) {
  const InputScale& input = network.spec().input;
  return fmt::format("{} on images of {}{}", recipe.preset.empty() ? "of the recipe's own" : recipe.preset,
                     extents(network.image()),
                     input.is_identity() ? "" : fmt::format(", seen as (x - {}) / {}", input.mean, input.std));
}

std::vector<Description::Layer> layers_of(Network& network) {
  std::vector<Description::Layer> layers;
  for (int index = 0; index < network.depth(); ++index) {
    const Block& block = network.block(index);
    layers.push_back({.name = fmt::format("block {}", index),
                      .what = block.description(),
                      .input = extents(block.plan().input),
                      .output = extents(block.plan().output),
                      .parameters = block.plan().parameters,
                      .operations = block.plan().operations});
  }
  for (int index = 0; index < network.depth(); ++index) {
    if (!network.has_head(index)) continue;
    const Head& head = network.head(index);
    layers.push_back({.name = fmt::format("head {}", index),
                      .what = head.description(),
                      .input = extents(network.block(index).plan().output),
                      .output = std::to_string(head.features()),
                      .parameters = head.parameters(),
                      .operations = head.operations()});
  }
  return layers;
}

/// The type that training on this machine would compute with.
Description::Precision precision_of(const Recipe& recipe) {
  const std::string& precision = recipe.train.precision;
  return {.setting = precision,
          .here = precision == "auto" ? std::string(name_of(compute_type(precision, Device::cpu))) : precision,
          .support = std::string(bfloat16_support(Device::cpu)),
          .trains_here = can_train(precision, Device::cpu)};
}

/// The paper's four properties, from what the components say of themselves.
std::vector<Description::Property> properties_of(const DryBuild& built, const Feedback& feedback) {
  const auto& [views, network, loss, rule] = built;
  const Plausibility its = loss->plausibility() & rule->plausibility() & feedback.plausibility();
  const std::string path =
      its.local_to_blocks ? "They cross only the head of their own block."
                          : fmt::format("They cross the head and all {} layers above the first.", network->depth() - 1);
  return {{"(i)", its.recent_activity, "a weight changes by current activity alone",
           its.recent_activity
               ? "An error needs what is seen now and at most a few views remembered from before, and moves only the "
                 "present."
               : "The loss compares a view with the whole batch, or changes what was active for a past view."},
          {"(ii)", its.plain_arithmetic, "no normalisation, inner product or division in the loss",
           its.plain_arithmetic ? "The loss adds, subtracts and compares; its error is a sum of signs."
                                : "The loss normalises, divides or multiplies activities with each other."},
          {"(iii)", its.separate_weights, "forward and feedback connections are separate weights",
           fmt::format("{} {}", its.account, path)},
          {"(iv)", !loss->reads_labels(), "no labels",
           loss->reads_labels() ? "THE LOSS READS THE LABELS: this is supervised learning, a ceiling to compare with."
                                : fmt::format("Pretraining sees {} only; labels serve the probe alone.",
                                              views.grid.is_cut() ? "patches of images" : "pairs of views")}};
}

/// What has another value than in a recipe that names nothing. A component's own settings are compared with their
/// defaults, whichever component the defaults name.
std::vector<Description::Change> changes_of(const Recipe& recipe) {
  std::set<std::string> choices{"network.preset"};
  for (const ComponentRow& row : component_table()) {
    if (!std::string_view(row.section).starts_with("network.")) choices.insert(row.keys.begin(), row.keys.end());
  }
  std::vector<Override> chosen;
  std::vector<Description::Change> changes;
  const auto add = [&](const Difference& change) {
    changes.push_back({.key = change.key,
                       .value = change.one,
                       .usual = change.other.empty() ? std::nullopt : std::optional(change.other)});
  };
  for (const Difference& change : differences(recipe, parse_recipe("", "defaults"))) {
    if (!choices.contains(change.key) || change.one.empty()) continue;
    add(change);
    chosen.push_back({.key = change.key, .value = change.one});
  }
  for (const Difference& change : differences(recipe, parse_recipe("", "defaults", chosen))) {
    if (!change.one.empty()) add(change);
  }
  std::ranges::sort(changes, {}, &Description::Change::key);
  return changes;
}

/// The images' shape. Where their files are not at hand it is assumed, and `notes` say why.
Shape shape_of_images(const Recipe& recipe, const ExecutionContext& context, std::vector<std::string>& notes) {
  try {
    return image_shape(recipe, context);
  } catch (const BadInput& unknown) {
    const Shape assumed = image_shape(recipe);
    if (!context.data.empty() || assumed.size() == 0) throw;
    notes.push_back(fmt::format("images of {} are assumed: {}", extents(assumed), unknown.what()));
    return assumed;
  }
}

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

void add_network(Text& text, const Description& its) {
  if (!its.views.empty()) text.add("views {}\n", its.views);
  text.add("network {}\n", its.network);
  text.add("{:<8} {:<34} {:>10} {:>10} {:>12} {:>14}\n", "", "", "input", "output", "parameters", "operations");
  const auto add = [&](const Description::Layer& layer) {
    text.add("{:<8} {:<34} {:>10} {:>10} {:>12} {:>14}\n", layer.name, layer.what, layer.input, layer.output,
             layer.parameters, layer.operations);
  };
  std::ranges::for_each(its.layers, add);
  add(its.total());
  text.add("operations: multiplications and additions of one {}'s forward pass\n", its.unit);
}

void add_precision(Text& text, const Description::Precision& its) {
  text.add(
      "precision {} ({}{})\n", its.setting == its.here ? its.here : its.setting + ", here " + its.here, its.support,
      its.trains_here ? "" : fmt::format("; to train here, add {}", wording::setting("train.precision", "float32")));
}

void add_properties(Text& text, const Description& its) {
  if (its.properties.empty()) return;
  text.add("\nbiological plausibility (loss {}, rule {}, feedback {})\n", its.loss, its.rule.kind, its.feedback);
  for (const Description::Property& property : its.properties) {
    text.add("  {:<5} {:<6} {}\n               {}\n", property.number, property.kept ? "kept" : "broken",
             property.property, property.why);
  }
}

void add_changes(Text& text, const std::vector<Description::Change>& changes) {
  text.add("\ndiffers from the defaults\n");
  for (const Description::Change& change : changes) {
    text.add("  {} = {}{}\n", change.key, change.value,
             change.usual ? fmt::format("  (default {})", *change.usual) : std::string());
  }
}

OrderedJson network_json(const Description& its) {
  OrderedJson layers = OrderedJson::array();
  for (const Description::Layer& layer : its.layers) {
    layers.push_back({{"name", layer.name},
                      {"what", layer.what},
                      {"input", layer.input},
                      {"output", layer.output},
                      {"parameters", layer.parameters},
                      {"operations", layer.operations}});
  }
  const Description::Layer total = its.total();
  return {{"summary", its.network},
          {"layers", layers},
          {"parameters", total.parameters},
          {"operations", total.operations},
          {"operations_of", its.unit}};
}

OrderedJson plausibility_json(const Description& its) {
  OrderedJson properties = OrderedJson::array();
  for (const Description::Property& property : its.properties) {
    properties.push_back(
        {{"number", property.number}, {"kept", property.kept}, {"property", property.property}, {"why", property.why}});
  }
  return {{"loss", its.loss}, {"rule", its.rule.kind}, {"feedback", its.feedback}, {"properties", properties}};
}

OrderedJson changes_json(const std::vector<Description::Change>& changes) {
  OrderedJson json = OrderedJson::array();
  for (const Description::Change& change : changes) {
    json.push_back({{"key", change.key},
                    {"value", change.value},
                    {"default", change.usual ? OrderedJson(*change.usual) : OrderedJson()}});
  }
  return json;
}

}  // namespace

Description::Layer Description::total() const {
  Layer total{.name = "total", .what = "", .input = "", .output = ""};
  for (const Layer& layer : layers) {
    total.parameters += layer.parameters;
    total.operations += layer.operations;
  }
  return total;
}

Description describe(Recipe recipe, const ExecutionContext& context, bool changes) {
  const Shape image = shape_of_images(recipe, context, recipe.notes);
  const DryBuild built(recipe, image);
  const bool learns = !built.rule->sample_epochs().empty();
  const std::unique_ptr<Feedback> feedback = learns ? built.network->setup().feedback.make() : nullptr;
  return {.views = views_of(recipe, image, built.views),
          .network = summary_of(recipe, *built.network),
          .unit = built.views.grid.is_cut() ? "patch" : "image",
          .layers = layers_of(*built.network),
          .precision = precision_of(recipe),
          .rule = {.kind = recipe.rule.kind,
                   .summary = RuleRegistry::instance().find(recipe.rule.kind).summary,
                   .epochs = built.rule->total_epochs(),
                   .train_epochs = recipe.train.epochs},
          .loss = recipe.loss.kind,
          .feedback = feedback ? std::string(feedback->name()) : recipe.feedback.kind,
          .properties = feedback ? properties_of(built, *feedback) : std::vector<Description::Property>{},
          .changes = changes ? std::optional(changes_of(recipe)) : std::nullopt,
          .notes = recipe.notes};
}

std::string to_text(const Description& its) {
  Text text;
  add_network(text, its);
  add_precision(text, its.precision);
  text.add("\nrule {}: {}\n", its.rule.kind, its.rule.summary);
  text.add("  {} epochs in all (train.epochs = {})\n", its.rule.epochs, its.rule.train_epochs);
  add_properties(text, its);
  if (its.changes) add_changes(text, *its.changes);
  if (!its.notes.empty()) text.add("\n{}\n", joined(its.notes, "\n"));
  return text.take();
}

std::string to_json(const Description& its) {
  OrderedJson json;
  if (!its.views.empty()) json["views"] = its.views;
  json["network"] = network_json(its);
  json["precision"] = {{"setting", its.precision.setting},
                       {"here", its.precision.here},
                       {"support", its.precision.support},
                       {"trains_here", its.precision.trains_here}};
  json["rule"] = {{"kind", its.rule.kind},
                  {"summary", its.rule.summary},
                  {"epochs", its.rule.epochs},
                  {"train_epochs", its.rule.train_epochs}};
  json["plausibility"] = plausibility_json(its);
  if (its.changes) json["changes"] = changes_json(*its.changes);
  json["notes"] = its.notes;
  return indented_json_text(json);
}

}  // namespace biossl
