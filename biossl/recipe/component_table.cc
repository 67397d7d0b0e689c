#include "biossl/recipe/component_table.h"

#include <algorithm>

#include "biossl/data/dataset.h"
#include "biossl/data/views.h"
#include "biossl/feedback/feedback.h"
#include "biossl/losses/loss.h"
#include "biossl/network/block.h"
#include "biossl/network/head.h"
#include "biossl/network/spec.h"
#include "biossl/optim/optimizer.h"
#include "biossl/recipe/components.h"
#include "biossl/rules/rule.h"

namespace biossl {
namespace {

template <class RegistryType>
std::vector<NamedComponent> all_registered() {
  std::vector<NamedComponent> components;
  for (const auto& [name, entry] : RegistryType::instance().entries()) {
    components.push_back({name, entry.summary, entry.fields});
  }
  return components;
}

std::vector<NamedComponent> all_presets() {
  std::vector<NamedComponent> components;
  for (const std::string& name : preset_names()) components.push_back({name, std::string(preset_summary(name)), {}});
  return components;
}

template <class RegistryType>
ComponentRow row_of(const char* title, const std::vector<const char*>& keys, const char* section,
                    Choice Recipe::*choice = nullptr,
                    void (*try_out)(const Recipe& recipe, const Choice& choice) = nullptr) {
  return {.title = title,
          .keys = keys,
          .section = section,
          .components = all_registered<RegistryType>,
          .registry = &registry_access<RegistryType>,
          .choice = choice,
          .try_out = try_out};
}

/// For a component that is made of its settings alone.
template <class RegistryType>
void make_alone(const Recipe& /*recipe*/, const Choice& choice) {
  RegistryType::instance().make(choice.kind, choice.settings);
}

void make_loss(const Recipe& recipe, const Choice& loss) { trial_loss(loss, recipe.train.batch); }

}  // namespace

std::string ComponentRow::naming_section() const {
  const std::string_view key = keys.front();
  return std::string(key.substr(0, key.rfind('.')));
}

std::string ComponentRow::naming_key() const {
  const std::string_view key = keys.front();
  return std::string(key.substr(key.rfind('.') + 1));
}

const std::vector<ComponentRow>& component_table() {
  static const std::vector<ComponentRow> rows{
      row_of<DatasetRegistry>("data sets", {"data.pretrain", "data.probe", "data.test"}, "data"),
      row_of<ViewsRegistry>("views", {"views.kind"}, "views", &Recipe::views),
      {.title = "networks", .keys = {"network.preset"}, .section = "network", .components = all_presets},
      row_of<BlockRegistry>("blocks", {"network.blocks.kind"}, "network.blocks"),
      row_of<HeadRegistry>("heads", {"network.head.kind"}, "network.head"),
      row_of<LossRegistry>("losses", {"loss.kind"}, "loss", &Recipe::loss, make_loss),
      row_of<RuleRegistry>("learning rules", {"rule.kind"}, "rule", &Recipe::rule),
      row_of<FeedbackRegistry>("feedback paths", {"rule.feedback"}, "feedback", &Recipe::feedback,
                               make_alone<FeedbackRegistry>),
      row_of<OptimizerRegistry>("optimisers", {"train.optimizer"}, "optimizer", &Recipe::optimizer,
                                make_alone<OptimizerRegistry>)};
  return rows;
}

std::vector<std::string> naming_sections() {
  std::vector<std::string> names;
  for (const ComponentRow& row : component_table()) {
    const std::string name = row.naming_section();
    if (name.find('.') == std::string::npos && std::ranges::count(names, name) == 0) names.push_back(name);
  }
  return names;
}

std::vector<const ComponentRow*> choices_named_in(std::string_view section) {
  std::vector<const ComponentRow*> rows;
  for (const ComponentRow& row : component_table()) {
    if (row.choice != nullptr && row.naming_section() == section) rows.push_back(&row);
  }
  return rows;
}

}  // namespace biossl
