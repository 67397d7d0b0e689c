#include <fmt/format.h>

#include <memory>
#include <optional>

#include "biossl/core/atomic_file.h"
#include "biossl/core/one_line.h"
#include "biossl/data/contact_sheet.h"
#include "biossl/data/summary.h"
#include "biossl/data/views.h"
#include "biossl/recipe/toml_document.h"
#include "cli/commands.h"
#include "cli/data_fetch.h"
#include "cli/data_pack.h"
#include "cli/options.h"
#include "cli/standard_streams.h"
#include "cli/terminal.h"

namespace biossl::cli {
namespace {

/// The settings of an option that may be repeated, each KEY=VALUE.
Settings settings_of(const char* option, const std::vector<std::string>& words) {
  Settings settings;
  for (const std::string& word : words) {
    const std::size_t equals = word.find('=');
    check(equals != std::string::npos && equals > 0, "data", "{} {}: write KEY=VALUE, for example {} size=64", option,
          word, option);
    const bool first = settings.emplace(word.substr(0, equals), parse_toml_value(word.substr(equals + 1))).second;
    check(first, "data", "{} {}: the key is given twice", option, word);
  }
  return settings;
}

struct DataCommand {
  std::string name;
  std::vector<std::string> settings;
  std::string out = "sheet.png";
  std::string views;
  std::vector<std::string> views_settings;
  bool sequences = false;
  std::string split = "train";
  std::optional<std::int64_t> size;
  std::optional<std::uint64_t> seed;
  DatasetRequest request;
  ExecutionOptions execution;

  std::unique_ptr<Dataset> open(Split wanted) {
    request.directory = execution.data;
    request.split = wanted;
    const bool from_files = DatasetRegistry::instance().find(name).traits.from_files;
    (from_files ? request.resize : request.image_size) = size.value_or(from_files ? 0 : request.image_size);
    request.seed = seed.value_or(request.seed);
    refuse_without_effect();
    TerminalReporter reporter;
    request.progress = stage_progress(reporter, "packing pictures");
    auto dataset = open_dataset(name, request, settings_of("--set", settings));
    request.progress = {};
    for (const std::string& note : dataset->notes()) fmt::print(stderr, "{}\n", note);
    return dataset;
  }

  /// Data sets whose settings give their images' size need no --size, those that are always the same no --seed; views
  /// need a seed.
  void refuse_without_effect() const {
    const Dataset::Traits& traits = DatasetRegistry::instance().find(name).traits;
    if (!traits.has_own_size()) return;
    check(!size || traits.from_files, "data", "--size makes no sense here: the images of {} have a size of their own",
          name);
    check(!seed || !views.empty() || !traits.from_files, "data",
          "--seed makes no sense here: the images of {} are the same for every seed", name);
  }

  void add_options(Command command) {
    command.add_option("name", name, "data set; biossl list names them").required().type_name("NAME");
    execution.add_data(command);
    command.add_option("--set", settings, "a setting of the data set, --set classes=3; may be repeated")
        .type_name("KEY=VALUE")
        .repeatable();
    command.add_option("--images", request.images, "at most this many; 0: all").check(whole_number(0)).type_name("N");
    command
        .add_option("--size", size,
                    "side of the images: of a data set that makes its own [32]; images from files are scaled")
        .check(whole_number(1, 4096))
        .type_name("N");
    command.add_option("--seed", seed, "seed of a data set that makes its own images, and of views [1]")
        .check(whole_number(0))
        .type_name("N");
    execution.add_threads(command);
  }
};

/// Null, and says why, if the data set has no such split.
std::unique_ptr<Dataset> open_if_there(DataCommand& command, Split split) {
  try {
    return command.open(split);
  } catch (const MissingSplit& missing) {
    fmt::print("{} {}: none; {}\n", command.name, name_of(split), missing.what());
    return nullptr;
  }
}

void info(DataCommand& command) {
  command.execution.settle();
  for (const Split split : {Split::train, Split::test}) {
    const auto dataset = open_if_there(command, split);
    if (dataset == nullptr) continue;
    const DatasetSummary summary = summarize(*dataset);
    fmt::print("{} {}: {} images of {}x{}x{}, {}\n", command.name, name_of(split), summary.images,
               summary.image_shape[0], summary.image_shape[1], summary.image_shape[2],
               dataset->is_labelled() ? fmt::format("{} classes", summary.class_names.size()) : "no labels");
    for (std::size_t channel = 0; channel < summary.channel_mean.size(); ++channel) {
      fmt::print("  channel {}: mean {:.4f}, standard deviation {:.4f}\n", channel, summary.channel_mean[channel],
                 summary.channel_deviation[channel]);
    }
    for (std::size_t label = 0; label < summary.class_names.size(); ++label) {
      fmt::print("  {:3} {:<20} {:>8}\n", label, one_line(summary.class_names[label]), summary.class_sizes[label]);
    }
  }
}

void preview_views(const DataCommand& command, const Dataset& dataset, const std::filesystem::path& out,
                   SheetOptions sheet) {
  const Choice choice{command.views, settings_of("--views-set", command.views_settings)};
  const ViewPlan plan = plan_views(choice, dataset.image_shape());
  const ViewSource source{.dataset = dataset, .seed = command.request.seed, .batch = sheet.rows, .device = Device::cpu};
  const auto views = ViewsRegistry::instance().make(choice.kind, choice.settings, source);
  sheet.scale = sheet_scale(std::max(dataset.image_shape()[1], sides_on_sheet(plan)[1]));
  write_view_sheet(dataset, *views, plan, Device::cpu, out, sheet);
  fmt::print("{}: an image a row, then {} of {}\n", command.out,
             plan.views == 2 ? "pairs of its views" : "its view in several epochs", command.name);
}

void preview(DataCommand& command) {
  command.execution.settle();
  check(command.views_settings.empty() || !command.views.empty(), "data", "--views-set needs --views KIND");
  require_writable(command.out);
  const std::filesystem::path out = apart_from_messages(command.out);
  SheetOptions sheet;
  const bool shows_views = !command.views.empty();
  check(!shows_views || !command.sequences, "data", "--sequences and --views: give one of them");
  const bool from_files = DatasetRegistry::instance().find(command.name).traits.from_files;
  if (from_files) {
    command.request.memory = 1;  // only what is shown is read
  } else if (command.request.images == 0) {
    // Enough for a full row of every class.
    command.request.images = shows_views || command.sequences ? sheet.rows : 40 * sheet.columns;
  }
  const auto dataset = command.open(command.split == "train" ? Split::train : Split::test);
  if (shows_views) {
    sheet.rows = std::min(sheet.rows, dataset->size());
    preview_views(command, *dataset, out, sheet);
  } else if (command.sequences) {
    sheet.scale = sheet_scale(dataset->image_shape()[1]);
    write_sequence_sheet(*dataset, command.request.seed, out, sheet);
    fmt::print("{}: an image a row, then moments of a sequence of {}\n", command.out, command.name);
  } else {
    sheet.scale = sheet_scale(dataset->image_shape()[1]);
    write_contact_sheet(*dataset, out, sheet);
    const char* rows = dataset->has_clips()     ? "a clip a row"
                       : dataset->is_labelled() ? "a class a row"
                                                : "the first images";
    fmt::print("{}: {} of {}\n", command.out, rows, command.name);
  }
}

}  // namespace

void add_data(Command app) {
  Command data = app.add_subcommand("data", "fetch a data set, or look at one; pack pictures");
  data.require_subcommand();
  data.footer(
      "  biossl data fetch cifar10 --data ~/data\n"
      "  biossl data info cifar10 --data ~/data\n"
      "  biossl data preview world --out world.png\n"
      "  biossl data preview world --views moments --out pairs.png\n"
      "  biossl data preview world --set occluder=0.5 --sequences --out sequences.png\n"
      "  biossl data preview world --size 96 --views crops --views-set size=64 --out crops.png\n"
      "  biossl data preview world --size 96 --views patches --out patches.png");
  const auto command = std::make_shared<DataCommand>();
  Command information = data.add_subcommand("info", "what it holds, for training and for testing");
  command->add_options(information);
  information.callback([command] { info(*command); });
  Command sheet = data.add_subcommand("preview", "write a contact sheet of its images, or of pairs of views");
  command->add_options(sheet);
  sheet.add_option("--out", command->out, "the PNG file").check(png_word()).capture_default_str().type_name("FILE");
  sheet.add_option("--views", command->views, "show pairs of such views; biossl list names them").type_name("KIND");
  sheet.add_option("--views-set", command->views_settings, "one of their settings, --views-set hue=0; may be repeated")
      .type_name("KEY=VALUE")
      .repeatable();
  sheet.add_flag("--sequences", command->sequences, "show sequences of moments; for the data set world");
  sheet.add_option("--split", command->split, "train or test").capture_default_str().check(one_of({"train", "test"}));
  sheet.callback([command] { preview(*command); });
  add_data_pack(data);
  add_data_fetch(data);
}

}  // namespace biossl::cli
