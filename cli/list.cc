#include <fmt/format.h>

#include <memory>

#include "biossl/core/text.h"
#include "biossl/data/views.h"
#include "biossl/feedback/feedback.h"
#include "biossl/losses/loss.h"
#include "biossl/network/block.h"
#include "biossl/network/head.h"
#include "biossl/network/spec.h"
#include "biossl/optim/optimizer.h"
#include "biossl/optim/schedule.h"
#include "biossl/recipe/toml_document.h"
#include "biossl/rules/rule.h"
#include "cli/commands.h"

namespace biossl::cli {
namespace {

/// A component that a recipe can name.
struct Item {
  std::string name;
  std::string summary;
  std::vector<Field> fields;
};

struct Kind {
  const char* title;
  const char* key;  ///< the key that names it in a recipe
  std::vector<Item> items;
};

template <class RegistryType>
std::vector<Item> items() {
  std::vector<Item> items;
  for (const auto& [name, entry] : RegistryType::instance().entries()) {
    items.push_back({name, entry.summary, entry.fields});
  }
  return items;
}

std::vector<Item> presets() {
  std::vector<Item> items;
  for (const std::string& name : preset_names()) items.push_back({name, std::string(preset_summary(name)), {}});
  return items;
}

std::vector<Kind> kinds() {
  return {{"data sets", "data.pretrain, data.probe", items<DatasetRegistry>()},
          {"views", "views.kind", items<ViewsRegistry>()},
          {"networks", "network.preset", presets()},
          {"blocks", "network.blocks.kind", items<BlockRegistry>()},
          {"heads", "network.head.kind", items<HeadRegistry>()},
          {"losses", "loss.kind", items<LossRegistry>()},
          {"learning rules", "rule.kind", items<RuleRegistry>()},
          {"feedback paths", "rule.feedback", items<FeedbackRegistry>()},
          {"optimisers", "train.optimizer", items<OptimizerRegistry>()}};
}

void list_all() {
  for (const Kind& kind : kinds()) {
    fmt::print("{} ({})\n", kind.title, kind.key);
    for (const Item& item : kind.items) fmt::print("  {:<20} {}\n", item.name, item.summary);
  }
  fmt::print("schedules (train.schedule)\n  {}\n", joined(Schedule::names()));
}

void list_one(const std::string& name) {
  bool found = false;
  std::vector<std::string> known;
  for (const Kind& kind : kinds()) {
    for (const Item& item : kind.items) {
      known.push_back(item.name);
      if (item.name != name) continue;
      found = true;
      fmt::print("{} ({}): {}\n", item.name, kind.key, item.summary);
      if (item.fields.empty()) fmt::print("  no options\n");
      for (const Field& field : item.fields) {
        fmt::print("  {:<32} {}\n", fmt::format("{} = {}", field.name, to_toml(field.value)), field.comment);
      }
    }
  }
  check(found, "list", "there is nothing called '{}'{}", name, suggestion(name, known));
}

}  // namespace

void add_list(Command app) {
  Command sub = app.add_subcommand("list", "what a recipe can name, or the options of one such thing");
  const auto name = std::make_shared<std::string>();
  sub.add_option("name", *name, "show its options with their defaults").type_name("NAME");
  sub.footer("  biossl list\n  biossl list contrastive_hinge");
  sub.callback([name] { name->empty() ? list_all() : list_one(*name); });
}

}  // namespace biossl::cli
