#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "biossl/benchmarks/step_bench.h"
#include "biossl/core/parallel.h"
#include "cli/bench.h"

namespace biossl::cli {
namespace {

struct BenchStepCommand {
  BenchOptions options;
  bool scaling = false;
};

void print_json(const StepTimes& times, const Recipe& recipe) {
  nlohmann::ordered_json line{{"step_ms", times.step}};
  if (times.conv_floor) line.update({{"conv_floor_ms", *times.conv_floor}, {"ratio", *times.ratio()}});
  line.update({{"images_per_second", times.images_per_second()},
               {"views_ms", times.views},
               {"loss_ms", times.loss},
               {"optimizer_ms", times.optimizer},
               {"precision", recipe.train.precision},
               {"threads", threads()},
               {"batch", times.batch},
               {"rule", recipe.rule.kind},
               {"kinds", times.kinds}});
  if (times.graph_share) line["graph_share"] = *times.graph_share;
  print_line(line);
}

void print_table(const StepTimes& times, const Recipe& recipe) {
  const auto row = [&](const char* what, double milliseconds, const std::string& note) {
    fmt::print("  {:<12} {:>9.2f} ms {:>7.1f} %  {}\n", what, milliseconds, 100.0 * milliseconds / times.step, note);
  };
  const std::string mean = times.kinds > 1 ? fmt::format(", mean over {} blocks", times.kinds) : "";
  fmt::print("one step of {} pairs, rule {}, {}, {} threads{}\n", times.batch, recipe.rule.kind, recipe.train.precision,
             threads(), mean);
  row("step", times.step, "views, learning and optimiser");
  if (times.conv_floor) {
    row("conv floor", *times.conv_floor,
        fmt::format("its {:.4g} convolution and linear primitives alone",
                    static_cast<double>(times.layers) / static_cast<double>(times.kinds)));
  }
  row("views", times.views, "");
  row("loss", times.loss, "");
  row("optimiser", times.optimizer, "");
  if (times.graph_share) fmt::print("  {:.0f} % of the steps were given as graphs\n", 100 * *times.graph_share);
  const std::string ratio = times.conv_floor ? fmt::format("{:.3f} times the floor, ", *times.ratio()) : "";
  fmt::print("  {}{:.0f} images/s\n", ratio, times.images_per_second());
}

void print_json(const std::vector<ScalingTime>& times, const Recipe& recipe) {
  nlohmann::ordered_json rows = nlohmann::ordered_json::array();
  for (const ScalingTime& time : times) {
    rows.push_back({{"threads", time.threads},
                    {"step_ms", time.step},
                    {"images_per_second", time.images_per_second()},
                    {"efficiency", time.efficiency()}});
  }
  print_line({{"scaling", rows},
              {"precision", recipe.train.precision},
              {"batch", recipe.train.batch},
              {"rule", recipe.rule.kind}});
}

void print_table(const std::vector<ScalingTime>& times, const Recipe& recipe) {
  fmt::print("one step of {} pairs, rule {}, {}\n", recipe.train.batch, recipe.rule.kind, recipe.train.precision);
  fmt::print("  {:>7} {:>12} {:>10} {:>11}\n", "threads", "step", "images/s", "efficiency");
  for (const ScalingTime& time : times) {
    fmt::print("  {:>7} {:>9.2f} ms {:>10.0f} {:>11.3f}\n", time.threads, time.step, time.images_per_second(),
               time.efficiency());
  }
}

void bench_step(const BenchStepCommand& command) {
  const ExecutionContext context = command.options.execution.settle();
  const Recipe recipe = command.options.read(context);
  const auto show = [&](const auto& times) {
    command.options.json ? print_json(times, recipe) : print_table(times, recipe);
  };
  if (command.scaling) {
    show(time_scaling(recipe, context.device, command.options.repetitions));
  } else {
    show(time_step(recipe, context.device, command.options.repetitions));
  }
}

}  // namespace

void add_bench_step(Command bench) {
  Command sub = bench.add_subcommand("step", "a training step beside the convolutions that it cannot do without");
  const auto command = std::make_shared<BenchStepCommand>();
  command->options.add_to(sub);
  command->options.add_repetitions(sub);
  sub.add_flag("--scaling", command->scaling, "time the step with 1, 2, 4, ... threads in turn, up to --threads");
  sub.footer(
      "Images of the built-in world stand in for the recipe's data. Of a layer-wise rule the mean over its blocks is\n"
      "shown. The floor is the time of exactly the convolution and linear primitives that the step ran, back to back\n"
      "on the same memory, and known on device cpu only. On a GPU times are means over steps given one behind the\n"
      "other. Efficiency is the time with one thread / (threads x the time with them).\n"
      "  biossl bench step --recipe recipes/quick.toml --threads 2\n"
      "  biossl bench step --recipe recipes/quick.toml --set train.precision=bfloat16 --json\n"
      "  biossl bench step --recipe recipes/quick.toml --scaling");
  sub.callback([command] { bench_step(*command); });
}

}  // namespace biossl::cli
