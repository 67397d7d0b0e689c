#include <fmt/format.h>

#include <memory>

#include "biossl/runs/description.h"
#include "cli/commands.h"
#include "cli/options.h"

namespace biossl::cli {
namespace {

struct DescribeCommand {
  RecipeOptions recipe;
  bool changes = false;
  bool json = false;
  ExecutionOptions execution;
};

void describe(const DescribeCommand& command) {
  const ExecutionContext context = command.execution.settle();
  const Description description = biossl::describe(command.recipe.read(), context, command.changes);
  fmt::print("{}", command.json ? to_json(description) : to_text(description));
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
  sub.add_flag("--json", command->json, "print the same as a JSON object");
  command->execution.add_data(sub);
  sub.footer(
      "Images from files are looked at where only they know their size: give --data.\n"
      "  biossl describe recipes/quick.toml\n"
      "  biossl describe recipes/quick.toml --set network.preset=vgg6");
  sub.callback([command] { describe(*command); });
}

}  // namespace biossl::cli
