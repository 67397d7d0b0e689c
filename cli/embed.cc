#include "biossl/training/embed.h"

#include <fmt/format.h>

#include <charconv>
#include <filesystem>
#include <memory>
#include <optional>
#include <system_error>

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

struct EmbedCommand {
  std::string from;
  std::string dataset;
  std::string split = "test";
  std::string layer = "last";
  std::string out;
  std::string labels;
  std::int64_t images = 0;
  ExecutionOptions execution;
};

/// The block that --layer names; std::nullopt for the embedding.
std::optional<int> block_of(const std::string& layer, int depth) {
  if (layer == "embedding") return std::nullopt;
  if (layer == "last") return depth - 1;
  int block = -1;
  const auto [end, fault] = std::from_chars(layer.data(), layer.data() + layer.size(), block);
  if (fault != std::errc() || end != layer.data() + layer.size() || block < 0 || block >= depth) {
    throw std::invalid_argument(
        fmt::format("--layer {}: write last, embedding, or a block's number, 0 to {}", layer, depth - 1));
  }
  return block;
}

/// The images of another data set, or those that the run's probe is trained or tested on, whatever their labels are
/// for.
std::unique_ptr<Dataset> open_split(const EmbedCommand& command, Recipe recipe, const ExecutionContext& context) {
  const bool train = command.split == "train";
  if (!command.dataset.empty()) {
    return open_images(recipe, context, command.dataset, train ? Split::train : Split::test, command.images);
  }
  recipe.data.probe_images = recipe.data.test_images = command.images;
  recipe.probe.labels = 1;
  recipe.probe.validation = 0;
  return open_probe_images(recipe, context, train ? ProbePart::train : ProbePart::test);
}

std::unique_ptr<Dataset> images_to_embed(const EmbedCommand& command, const Recipe& recipe,
                                         const ExecutionContext& context) {
  try {
    return open_split(command, recipe, context);
  } catch (const MissingSplit& missing) {
    throw MissingSplit(fmt::format("{}; --split train embeds the training images", missing.what()));
  }
}

/// The file that is written under this name: links are followed, also to what is not there yet.
std::filesystem::path destination(std::filesystem::path path) {
  constexpr int most_links = 40;  // the kernel's own limit
  std::error_code fault;
  for (int links = 0; links < most_links && std::filesystem::is_symlink(path, fault); ++links) {
    path = path.parent_path() / std::filesystem::read_symlink(path, fault);
  }
  const std::filesystem::path whole = std::filesystem::weakly_canonical(std::filesystem::absolute(path, fault), fault);
  return fault ? path : whole;
}

/// The file for the labels: --labels, or beside the features; std::nullopt if --out is no regular file.
std::optional<std::filesystem::path> labels_file(const EmbedCommand& command) {
  std::filesystem::path labels = command.labels;
  if (labels.empty()) {
    if (!is_replaced_whole(command.out)) return std::nullopt;
    labels = command.out;
    labels.replace_filename(labels.stem().string() + "_labels.npy");
  }
  check(destination(labels) != destination(command.out), "embed",
        "the labels would be written over the features: {} leads to {}; name another file with --labels",
        labels.string(), command.out);
  return labels;
}

void embed(const EmbedCommand& command) {
  const ExecutionContext context = command.execution.settle();
  const auto labels = labels_file(command);
  require_writable(command.out);
  if (labels) require_writable(*labels);
  const std::filesystem::path out = apart_from_messages(command.out);
  catch_interrupts();
  TerminalReporter reporter;
  const Checkpoint checkpoint = open_checkpoint(command.from, [&](std::string_view line) { reporter.note(line); });
  Recipe recipe = checkpoint.recipe_for_reading();
  recipe = with_input_of(command.dataset.empty() ? recipe.data.probe : command.dataset, recipe);
  read_as_float32_where_needed(recipe, context.device, reporter);
  const auto network = load_network(checkpoint, recipe, context.device);
  const std::optional<int> block = block_of(command.layer, network->depth());
  if (!block && !checkpoint.has_head(network->depth() - 1)) {
    bad_input("{}: holds no head on the last block, so there are no embeddings", checkpoint.path().string());
  }
  const auto images = images_to_embed(command, recipe, told_to(reporter, context));
  const Shape shown = view_plan(recipe, images->image_shape()).image;
  if (shown != network->image()) {
    bad_input("{}: was trained on images of {}, these are {}", checkpoint.path().string(), to_string(network->image()),
              to_string(shown));
  }
  const bool labelled = images->is_labelled();
  if (!labelled && !command.labels.empty()) bad_input("these images have no labels; leave --labels out");
  write_features(*network, block, *images, out, stage_progress(reporter, "features"), reading_views(recipe));
  if (labels && labelled) write_labels(*images, *labels);
  if (!labelled) {
    show(fmt::format("{}: {} images, which have no labels\n", command.out, images->size()));
  } else {
    show(labels ? fmt::format("{} and {}: {} images\n", command.out, labels->string(), images->size())
                : fmt::format("{}: {} images; it is no regular file, so only --labels FILE would write labels\n",
                              command.out, images->size()));
  }
}

}  // namespace

void add_embed(Command app) {
  Command sub = app.add_subcommand("embed", "write what an encoder makes of images, for NumPy");
  const auto command = std::make_shared<EmbedCommand>();
  sub.add_option("from", command->from, "run directory or checkpoint file")
      .required()
      .check(path_word())
      .type_name("RUN|CHECKPOINT");
  command->execution.add_data(sub);
  sub.add_option("--dataset", command->dataset, "whose images [the recipe's data.probe]").type_name("NAME");
  sub.add_option("--split", command->split, "train or test").capture_default_str().check(one_of({"train", "test"}));
  sub.add_option("--images", command->images, "at most this many, the first ones; 0: all")
      .check(whole_number(0))
      .type_name("N");
  sub.add_option("--layer", command->layer, "last, a block's number from 0, or embedding (the head's output)")
      .capture_default_str();
  sub.add_option("--out", command->out, "file to write, NAME.npy; or a pipe or a device")
      .required()
      .check(path_word())
      .type_name("FILE");
  sub.add_option("--labels", command->labels,
                 "file to write the labels to [NAME_labels.npy; none where --out is a pipe or a device]")
      .check(path_word())
      .type_name("FILE");
  command->execution.add_compute(sub);
  sub.footer(
      "float32: (N, C, H, W) for a block, (N, D) for the embedding. Written piece by piece: size is no limit.\n"
      "  biossl embed runs/quick-seed1 --data ~/data --dataset cifar10 --split test --out features.npy\n"
      "  python3 -c \"import numpy; print(numpy.load('features.npy', mmap_mode='r').shape)\"");
  sub.callback([command] { embed(*command); });
}

}  // namespace biossl::cli
