#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "biossl/benchmarks/views_bench.h"
#include "cli/bench.h"

namespace biossl::cli {
namespace {

void print_json(const std::vector<ViewsTime>& times, const Recipe& recipe) {
  nlohmann::ordered_json rows = nlohmann::ordered_json::array();
  for (const ViewsTime& time : times) {
    rows.push_back({{"kind", time.kind},
                    {"threads", time.threads},
                    {"views_ms", time.views},
                    {"floor_ms", time.floor},
                    {"images_per_second", time.images_per_second()},
                    {"pixels_per_second", time.pixels_per_second()}});
  }
  print_line({{"views", rows}, {"batch", recipe.train.batch}, {"precision", recipe.train.precision}});
}

void print_table(const std::vector<ViewsTime>& times, const Recipe& recipe) {
  fmt::print("the views of {} images, {}; the recipe's are {}\n", recipe.train.batch, recipe.train.precision,
             recipe.views.kind);
  fmt::print("  {:<10} {:>7} {:>12} {:>10} {:>12} {:>12}\n", "", "threads", "views", "images/s", "Mpixels/s", "floor");
  for (const ViewsTime& time : times) {
    fmt::print("  {:<10} {:>7} {:>9.3f} ms {:>10.0f} {:>12.1f} {:>9.3f} ms\n", time.kind, time.threads, time.views,
               time.images_per_second(), time.pixels_per_second() / 1e6, time.floor);
  }
}

void bench_views(const BenchOptions& options) {
  const ExecutionContext context = options.execution.settle();
  const Recipe recipe = options.read(context);
  const auto times = time_views(recipe, context.device, options.repetitions);
  options.json ? print_json(times, recipe) : print_table(times, recipe);
}

}  // namespace

void add_bench_views(Command bench) {
  Command sub = bench.add_subcommand("views", "making the views of a batch beside merely moving its bytes");
  const auto options = std::make_shared<BenchOptions>();
  options->add_to(sub);
  options->add_repetitions(sub);
  sub.footer(
      "The recipe's kind of views comes first, then the others that can be made of its images, as they are by "
      "default,\n"
      "each with 1, 2, 4, ... threads up to --threads. The floor turns as many bytes into numbers of the compute "
      "type,\n"
      "once for every view. Mpixels/s counts the pixels of the views, in 10^6.\n"
      "  biossl bench views --recipe recipes/quick.toml\n"
      "  biossl bench views --set train.batch=500 --set train.precision=bfloat16 --threads 1 --json\n"
      "  biossl bench views --set data.image_size=96 --set views.kind=deform     crops and patches beside deform");
  sub.callback([options] { bench_views(*options); });
}

}  // namespace biossl::cli
