#include <fmt/format.h>

#include <memory>

#include "biossl/core/text.h"
#include "biossl/optim/schedule.h"
#include "biossl/recipe/component_kinds.h"
#include "biossl/recipe/toml_document.h"
#include "cli/commands.h"

namespace biossl::cli {
namespace {

void list_all() {
  for (const ComponentKind& kind : component_kinds()) {
    fmt::print("{} ({})\n", kind.title, fmt::join(kind.keys, ", "));
    for (const NamedComponent& item : kind.components) fmt::print("  {:<20} {}\n", item.name, item.summary);
  }
  fmt::print("schedules (train.schedule)\n  {}\n", joined(Schedule::names()));
}

void list_one(const std::string& name) {
  bool found = false;
  std::vector<std::string> known;
  for (const ComponentKind& kind : component_kinds()) {
    for (const NamedComponent& item : kind.components) {
      known.push_back(item.name);
      if (item.name != name) continue;
      found = true;
      fmt::print("{} ({}): {}\n", item.name, fmt::join(kind.keys, ", "), item.summary);
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
