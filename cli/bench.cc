#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "biossl/core/parallel.h"
#include "biossl/experiment/step_bench.h"
#include "cli/commands.h"
#include "cli/options.h"

namespace biossl::cli {
namespace {

struct StepCommand {
  PlaceOptions place;
  RecipeOptions recipe;
  std::int64_t repetitions = 20;
  bool json = false;
};

void print_json(const StepTimes& times, const Recipe& recipe) {
  const nlohmann::ordered_json line{{"step_ms", times.step},
                                    {"conv_floor_ms", times.conv_floor},
                                    {"ratio", times.ratio()},
                                    {"images_per_second", times.images_per_second()},
                                    {"views_ms", times.views},
                                    {"loss_ms", times.loss},
                                    {"optimizer_ms", times.optimizer},
                                    {"precision", recipe.train.precision},
                                    {"threads", threads()}};
  fmt::print("{}\n", line.dump());
}

void print_table(const StepTimes& times, const Recipe& recipe) {
  const auto row = [&](const char* what, double milliseconds, const char* note) {
    fmt::print("  {:<12} {:>9.2f} ms {:>7.1f} %  {}\n", what, milliseconds, 100.0 * milliseconds / times.step, note);
  };
  const std::string mean = times.kinds > 1 ? fmt::format(", mean over {} blocks", times.kinds) : "";
  fmt::print("one step of {} pairs, {}, {} threads{}\n", times.batch, recipe.train.precision, threads(), mean);
  row("step", times.step, "views, learning and optimiser");
  row("conv floor", times.conv_floor,
      fmt::format("its {:.4g} convolution and linear primitives alone",
                  static_cast<double>(times.layers) / static_cast<double>(times.kinds))
          .c_str());
  row("views", times.views, "");
  row("loss", times.loss, "");
  row("optimiser", times.optimizer, "");
  fmt::print("  {:.3f} times the floor, {:.0f} images/s\n", times.ratio(), times.images_per_second());
}

void bench_step(const StepCommand& command) {
  const Recipe recipe = command.recipe.read();
  const Place place = command.place.settle();
  const StepTimes times = time_step(recipe, place.device, command.repetitions);
  command.json ? print_json(times, recipe) : print_table(times, recipe);
}

}  // namespace

void add_bench(CLI::App& app) {
  CLI::App* bench = app.add_subcommand("bench", "how fast this machine trains, and how far from its limit");
  bench->require_subcommand(1);
  CLI::App* sub = bench->add_subcommand("step", "a training step beside the convolutions that it cannot do without");
  const auto command = std::make_shared<StepCommand>();
  sub->add_option("--recipe", command->recipe.file, "recipe file [the demo's]")->type_name("RECIPE");
  command->recipe.add_changes(*sub);
  command->place.add_compute(*sub);
  sub->add_option("--repeat", command->repetitions, "steps to time; medians are shown [20]")->type_name("N");
  sub->add_flag("--json", command->json, "one line of JSON");
  sub->footer(
      "Images of the built-in world stand in for the recipe's data. Of a layer-wise rule the mean over its blocks is\n"
      "shown.\n"
      "  biossl bench step --recipe recipes/quick.toml --threads 2\n"
      "  biossl bench step --recipe recipes/quick.toml --set train.precision=bfloat16 --json");
  sub->callback([command] { bench_step(*command); });
}

}  // namespace biossl::cli
