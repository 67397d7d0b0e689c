#include "biossl/training/neighbours.h"

#include <fmt/format.h>

#include <memory>

#include "biossl/core/atomic_file.h"
#include "biossl/core/error.h"
#include "biossl/runs/precision.h"
#include "biossl/training/probing.h"
#include "cli/commands.h"
#include "cli/interrupt.h"
#include "cli/options.h"
#include "cli/standard_streams.h"
#include "cli/terminal.h"

namespace biossl::cli {
namespace {

struct NeighboursCommand {
  std::string from;
  std::string dataset;
  std::string out;
  std::int64_t queries = 10;
  std::int64_t k = 8;
  std::int64_t images = 0;
  std::optional<std::int64_t> block;
  std::optional<std::uint64_t> seed;
  ExecutionOptions execution;
};

void neighbours(const NeighboursCommand& command) {
  const ExecutionContext context = command.execution.settle();
  require_writable(command.out);
  const std::filesystem::path out = apart_from_messages(command.out);
  catch_interrupts();
  TerminalReporter reporter;
  const Checkpoint checkpoint = open_checkpoint(command.from, [&](std::string_view line) { reporter.note(line); });
  Recipe recipe = checkpoint.recipe_for_reading();
  const std::string& name = command.dataset.empty() ? recipe.data.pretrain : command.dataset;
  const NeighbourImages images =
      open_neighbour_images(recipe, told_to(reporter, context), checkpoint.image(), name, command.images);
  recipe = with_input_of(images.name, recipe);
  read_as_float32_where_needed(recipe, context.device, reporter);
  const auto network = load_network(checkpoint, recipe, context.device);
  std::optional<int> block;
  if (command.block) block = static_cast<int>(*command.block);
  const std::vector<SheetRow> rows = find_neighbours(*network, block, images, command.queries, command.k,
                                                     command.seed.value_or(recipe.seed), reporter);
  // Names of classes are longer than other texts, and a page that shows the sheet has no room for larger images.
  constexpr std::int64_t name_width = 96;
  SheetOptions sheet;
  sheet.scale = sheet_scale(images.among->image_shape()[1], name_width, 1);
  write_neighbour_sheet(images.shown(), *images.among, rows, out, sheet);
  show(fmt::format("{}: {} {}images of {}, each beside the nearest of {} training images\n", command.out, rows.size(),
                   images.queries ? "test " : "", images.name, images.among->size()));
}

}  // namespace

void add_neighbours(Command app) {
  Command sub = app.add_subcommand("neighbours", "show which images an encoder finds alike, on a contact sheet");
  const auto command = std::make_shared<NeighboursCommand>();
  sub.add_option("from", command->from, "run directory or checkpoint file")
      .required()
      .check(path_word())
      .type_name("RUN|CHECKPOINT");
  command->execution.add_data(sub);
  sub.add_option("--out", command->out, "PNG file to write").required().check(png_word()).type_name("FILE");
  sub.add_option("--dataset", command->dataset,
                 "whose images [the recipe's data.pretrain: those that the run has learnt from]")
      .type_name("NAME");
  sub.add_option("--queries", command->queries, "rows of the sheet: images whose neighbours are shown")
      .capture_default_str()
      .check(whole_number(1, 1000))
      .type_name("N");
  sub.add_option("--k", command->k, "neighbours in a row")
      .capture_default_str()
      .check(whole_number(1, 1000))
      .type_name("K");
  sub.add_option("--images", command->images, "training images among which they are looked for, the first ones; 0: all")
      .capture_default_str()
      .check(whole_number(0))
      .type_name("N");
  sub.add_option("--block", command->block, "the block whose output is compared, from 0 [the last]")
      .check(whole_number(0, 100'000))
      .type_name("B");
  sub.add_option("--seed", command->seed, "draws the images whose neighbours are shown [the recipe's seed]")
      .check(whole_number(0))
      .type_name("N");
  command->execution.add_compute(sub);
  sub.footer(
      "A row is a test image, and the training images whose features have the largest cosine similarity to its own.\n"
      "A data set without test images is shown beside itself. Classes stand above the images where they have any.\n"
      "  biossl neighbours runs/quick-seed1 --data ~/data --out neighbours.png\n"
      "  biossl neighbours runs/quick-seed1 --data ~/data --dataset cifar10 --queries 20 --k 12 --out cifar10.png");
  sub.callback([command] { neighbours(*command); });
}

}  // namespace biossl::cli
