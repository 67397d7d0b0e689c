#include "cli/data_pack.h"

#include <fmt/format.h>

#include <filesystem>
#include <memory>

#include "biossl/core/atomic_file.h"
#include "biossl/core/stopwatch.h"
#include "biossl/core/text.h"
#include "biossl/data/pack.h"
#include "cli/command_line.h"
#include "cli/interrupt.h"
#include "cli/options.h"
#include "cli/standard_streams.h"
#include "cli/terminal.h"

namespace biossl::cli {
namespace {

struct PackCommand {
  std::string folder;
  std::string out;
  std::int64_t size = 0;
  double crop = 1;
  bool strict = false;
  bool clips = false;
  ExecutionOptions execution;
};

std::string content_text(const PictureList& list) {
  const std::string classes =
      list.classes.empty() ? "without labels" : fmt::format("of {} classes", list.classes.size());
  return list.clips == 0 ? classes : fmt::format("in {} clips {}", list.clips, classes);
}

void tell(const PackCommand& command, const PictureFolder& pictures, const PackSummary& summary, double seconds) {
  const std::int64_t all = summary.train_images + summary.test_images;
  show(fmt::format("{}: {} images {} of {}x{}", command.out, summary.train_images, content_text(pictures.train),
                   command.size, command.size));
  if (pictures.test) show(fmt::format(", {} to test on", summary.test_images));
  show(fmt::format("; {} s, {:.0f} images/s\n", fmt::format("{:.1f}", seconds), static_cast<double>(all) / seconds));
  if (!summary.broken.empty()) {
    show(fmt::format("{} broken pictures were skipped; {} names them\n", summary.broken.size(),
                     (std::filesystem::path(command.out) / "broken.txt").string()));
  }
  if (pictures.foreign_files > 0) {
    show(fmt::format("{} files are no pictures, by their endings or as pipes and devices, and were skipped\n",
                     pictures.foreign_files));
  }
  show(fmt::format("in a recipe: data.pretrain = \"array\" with --data {}\n", shell_path(command.out)));
}

void pack(const PackCommand& command) {
  command.execution.settle();
  catch_interrupts();
  TerminalReporter reporter;
  const PictureFolder pictures =
      list_pictures(command.folder, command.clips ? PictureLayout::clips : PictureLayout::classes);
  const Stopwatch watch;
  const PackSummary summary = pack_pictures(pictures, command.out,
                                            {.side = command.size,
                                             .crop = command.crop,
                                             .strict = command.strict,
                                             .progress = stage_progress(reporter, "packing pictures")});
  for (const std::string& fault : summary.broken) reporter.note(fmt::format("skipped: {}", fault));
  tell(command, pictures, summary, watch.seconds());
}

}  // namespace

void add_data_pack(Command data) {
  const auto command = std::make_shared<PackCommand>();
  Command sub = data.add_subcommand("pack", "decode a folder of pictures once, into arrays");
  sub.add_option("folder", command->folder, "pictures: JPEG, PNG, WebP; a folder a class, or all in one")
      .required()
      .check(path_word())
      .type_name("FOLDER");
  sub.add_option("--size", command->size, "side that the pictures are scaled to, cut to their middle square")
      .required()
      .check(whole_number(1, 4096))
      .type_name("S");
  sub.add_option("--out", command->out, "the folder to make: images.npy, labels.npy, names.txt")
      .required()
      .check(path_word())
      .type_name("SET");
  sub.add_option("--crop", command->crop, "side of that square, as a share of the shorter side [1]").type_name("SHARE");
  sub.add_flag("--clips", command->clips, "the pictures are frames of videos, a folder a clip");
  sub.add_flag("--strict", command->strict, "stop at a broken picture instead of passing over it");
  command->execution.add_threads(sub);
  sub.footer(
      "With train/ and test/ in FOLDER both are packed.\n"
      "  biossl data pack ~/photographs --size 64 --out photographs-64\n"
      "  biossl data info array --data photographs-64");
  sub.callback([command] { pack(*command); });
}

}  // namespace biossl::cli
