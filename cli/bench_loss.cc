#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "biossl/benchmarks/loss_bench.h"
#include "biossl/core/parallel.h"
#include "cli/bench.h"

namespace biossl::cli {
namespace {

struct BenchLossCommand {
  BenchOptions options;
  std::int64_t batch = 0;     // 0: the recipe's
  std::int64_t features = 0;  // 0: the recipe's
};

/// "negatives=all block_gradient=false"
std::string text_of(const Settings& settings) {
  std::string text;
  for (const auto& [key, value] : settings) {
    text += fmt::format("{}{}={}", text.empty() ? "" : " ", key,
                        std::visit([](const auto& it) { return fmt::format("{}", it); }, value));
  }
  return text;
}

nlohmann::ordered_json as_json(const Choice& loss, const LossTime& time) {
  nlohmann::ordered_json settings = nlohmann::ordered_json::object();
  for (const auto& [key, value] : loss.settings) {
    std::visit([&, &name = key](const auto& it) { settings[name] = it; }, value);
  }
  return {{"kind", loss.kind},         {"settings", settings},         {"batch", time.batch},
          {"features", time.features}, {"loss_ms", time.milliseconds}, {"pairs_per_second", time.pairs_per_second()}};
}

void bench_loss(const BenchLossCommand& command) {
  const BenchOptions& options = command.options;
  const ExecutionContext context = options.execution.settle();
  Recipe recipe = options.read(context);
  if (command.batch > 0) recipe.train.batch = command.batch;
  const bool every = options.recipe.file.empty();
  if (command.features > 0) recipe.network.head.features = command.features;
  if (command.features > 0 && !every && head_kind(recipe) != "linear") {
    throw std::invalid_argument(fmt::format(
        "--features: loss {} works on maps as large as the last block's output, or their means; leave it out",
        recipe.loss.kind));
  }
  nlohmann::ordered_json rows = nlohmann::ordered_json::array();
  if (!options.json) {
    fmt::print("loss and errors of a batch, {} threads\n  {:<18} {:>6} {:>6} {:>12} {:>10}\n", threads(), "", "pairs",
               "D", "loss", "pairs/s");
  }
  for (const Choice& loss : every ? every_loss() : std::vector<Choice>{recipe.loss}) {
    const LossTime time = time_loss(every ? recipe_to_time(recipe, loss) : recipe, context.device, options.repetitions);
    rows.push_back(as_json(loss, time));
    if (options.json) continue;
    fmt::print("  {:<18} {:>6} {:>6} {:>9.3f} ms {:>10.0f}  {}\n", loss.kind, time.batch, time.features,
               time.milliseconds, time.pairs_per_second(), text_of(loss.settings));
  }
  if (options.json) print_line({{"losses", rows}, {"threads", threads()}});
}

}  // namespace

void add_bench_loss(Command bench) {
  Command sub = bench.add_subcommand("loss", "every loss, or a recipe's: the loss of a batch and its errors");
  const auto command = std::make_shared<BenchLossCommand>();
  command->options.add_to(sub);
  command->options.add_repetitions(sub);
  sub.add_option("--batch", command->batch, "pairs [the recipe's]").check(whole_number(1)).type_name("N");
  sub.add_option("--features", command->features, "D, numbers in an embedding [the recipe's]")
      .check(whole_number(1))
      .type_name("D");
  sub.footer(
      "With --recipe its loss is timed, without one every loss with the settings it has by default. A loss that\n"
      "predicts one map from another (clapp) works on maps as large as the last block's output, and one that predicts\n"
      "patches (clapp_patches) on vectors of its channels, whatever --features says. Losses of patches get images of\n"
      "64x64 pixels in 49 patches; their pairs are images.\n"
      "  biossl bench loss --batch 500 --features 64\n"
      "  biossl bench loss --recipe recipes/quick.toml --set loss.negatives=all");
  sub.callback([command] { bench_loss(*command); });
}

}  // namespace biossl::cli
