#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "biossl/benchmarks/probe_bench.h"
#include "biossl/core/parallel.h"
#include "cli/bench.h"

namespace biossl::cli {
namespace {

struct BenchProbeCommand {
  BenchOptions options;
  ProbeBenchShape shape;
};

void print_json(const ProbeTime& time, const Recipe& recipe) {
  nlohmann::ordered_json peak;
  if (time.peak_memory) peak = *time.peak_memory;
  print_line({{"images", time.images},
              {"features", time.features},
              {"epoch_seconds", time.epoch},
              {"bytes_per_second", time.bytes_per_second()},
              {"epochs", time.epochs},
              {"total_seconds", time.total()},
              {"feature_bytes", time.feature_bytes},
              {"peak_memory_bytes", peak},
              {"precision", recipe.probe.precision},
              {"threads", threads()}});
}

void print_table(const ProbeTime& time, const Recipe& recipe) {
  const auto gigabytes = [](auto bytes) { return static_cast<double>(bytes) / 1e9; };
  fmt::print("linear probe on {} images of {} features, precision {}, kept as {}, {} threads\n", time.images,
             time.features, recipe.probe.precision, name_of(time.kept), threads());
  fmt::print("  an epoch       {:>8.3f} s    {:.2f} GB of features a second\n", time.epoch,
             gigabytes(time.bytes_per_second()));
  fmt::print("  {:<4} epochs    {:>8.1f} s    of which {:.1f} s are not epochs: preparation and both accuracies\n",
             time.epochs, time.total(), time.rest);
  fmt::print("  features       {:>8.2f} GB\n", gigabytes(time.feature_bytes));
  if (time.peak_memory) fmt::print("  peak memory    {:>8.2f} GB\n", gigabytes(*time.peak_memory));
}

void bench_probe(const BenchProbeCommand& command) {
  const ExecutionContext context = command.options.execution.settle();
  const Recipe recipe = command.options.read(context);
  const ProbeTime time = time_probe(recipe, command.shape, context.device);
  command.options.json ? print_json(time, recipe) : print_table(time, recipe);
}

}  // namespace

void add_bench_probe(Command bench) {
  Command sub = bench.add_subcommand("probe", "a few epochs of the linear probe, and how long all of them would take");
  const auto command = std::make_shared<BenchProbeCommand>();
  command->options.add_to(sub);
  const auto number = [&](const char* name, std::int64_t& value, const char* what) {
    return sub.add_option(name, value, what).check(whole_number(1, 1'000'000'000)).type_name("N");
  };
  number("--images", command->shape.images, "training images; a fifth are tested on as well").capture_default_str();
  number("--features", command->shape.features, "numbers an image [the last block's output]");
  number("--classes", command->shape.classes, "classes").capture_default_str();
  number("--epochs", command->shape.epochs, "epochs to train, the first of which is not counted").capture_default_str();
  sub.footer(
      "Features are random numbers in the precision that probe.precision asks for; the recipe's probe.epochs is what\n"
      "the time is worked out for.\n"
      "  biossl bench probe --recipe recipes/quick.toml --set probe.epochs=200\n"
      "  biossl bench probe --set probe.precision=bfloat16 --images 10000 --json");
  sub.callback([command] { bench_probe(*command); });
}

}  // namespace biossl::cli
