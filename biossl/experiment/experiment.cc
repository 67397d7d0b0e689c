#include "biossl/experiment/experiment.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "biossl/core/memory.h"
#include "biossl/experiment/environment.h"
#include "biossl/experiment/trainer.h"

namespace biossl {
namespace {

/// The images that probes are trained and tested on, opened once for all of them.
struct ProbeImages {
  std::unique_ptr<Dataset> train;
  std::unique_ptr<Dataset> test;
};

/// Trains the probes of one report.
class Prober {
 public:
  Prober(const Recipe& recipe, ProbeImages images, Device device, Reporter& reporter)
      : recipe_(recipe), images_(std::move(images)), device_(device), reporter_(reporter) {
    kept_ = recipe.probe.precision == "bfloat16" ? DType::bfloat16 : DType::float32;
  }

  const Dataset& train_images() const { return *images_.train; }

  /// The blocks asked for, from one pass over the images where memory holds the features of all of them, else from as
  /// few as it allows.
  std::vector<BlockProbe> encoder(Network& network, const std::string& who) {
    std::vector<BlockProbe> probes;
    for (const std::vector<int>& blocks : passes(network)) {
      const std::string names = blocks.size() == 1
                                    ? fmt::format("{}, block {}", who, blocks.front())
                                    : fmt::format("{}, blocks {}-{}", who, blocks.front(), blocks.back());
      const auto read = [&](const Dataset& images, const char* split) {
        const Progress progress = stage_progress(reporter_, fmt::format("{}: {} features", names, split));
        return extract_features(network, blocks, images, kept_, progress);
      };
      std::vector<Features> train = read(*images_.train, "training");
      std::vector<Features> test = read(*images_.test, "test");
      for (std::size_t i = 0; i < blocks.size(); ++i) {
        probes.push_back(fit(std::exchange(train[i], {}), std::exchange(test[i], {}), blocks[i],
                             fmt::format("{}, block {}", who, blocks[i])));
      }
    }
    return probes;
  }

  BlockProbe pixels() {
    return fit(pixel_features(*images_.train, device_, kept_), pixel_features(*images_.test, device_, kept_), 0,
               "pixels");
  }

 private:
  /// The blocks to probe, shared out among passes whose features fit into memory. Throws std::runtime_error where those
  /// of a single block do not.
  std::vector<std::vector<int>> passes(const Network& network) {
    if (recipe_.probe.blocks != "all") return {{network.depth() - 1}};
    const std::int64_t images = images_.train->size() + images_.test->size();
    std::vector<std::int64_t> bytes;
    for (int block = 0; block < network.depth(); ++block) {
      bytes.push_back(images * network.block(block).plan().output.size() * static_cast<std::int64_t>(size_of(kept_)));
    }
    const std::int64_t available = available_memory_bytes(device_);
    const std::int64_t largest = *std::ranges::max_element(bytes);
    if (available > 0 && largest > available) {
      throw std::runtime_error(fmt::format(
          "the features of a block take {:.1f} GB, and {:.1f} GB of memory are free; probe only the last block "
          "(probe.blocks), keep them as bfloat16 (probe.precision), or use fewer images (data.probe_images)",
          double(largest) / 1e9, double(available) / 1e9));
    }
    const auto passes = share_passes(bytes, available / 5 * 4);  // the rest is for probes and other work
    if (passes.size() > 1) {
      reporter_.note(
          fmt::format("the features of all blocks take {:.1f} GB, and {:.1f} GB of memory are free: {} passes",
                      double(std::accumulate(bytes.begin(), bytes.end(), std::int64_t{0})) / 1e9,
                      double(available) / 1e9, passes.size()));
    }
    return passes;
  }

  BlockProbe fit(const Features& train, const Features& test, int block, const std::string& name) {
    const ProbeOptions options{.epochs = recipe_.probe.epochs,
                               .batch = recipe_.probe.batch,
                               .learning_rate = recipe_.probe.learning_rate,
                               .classes = static_cast<std::int64_t>(images_.train->class_names().size()),
                               .seed = recipe_.seed};
    return {.block = block,
            .features = train.values.extent(1),
            .result = train_linear_probe(train, test, options, stage_progress(reporter_, name + ": probe"))};
  }

  const Recipe& recipe_;
  ProbeImages images_;
  Device device_;
  DType kept_;
  Reporter& reporter_;
};

ProbeImages open_images(const Checkpoint& checkpoint, const Recipe& recipe, const Place& place) {
  ProbeImages images{.train = open_probe_images(recipe, place, Split::train),
                     .test = open_probe_images(recipe, place, Split::test)};
  for (const Dataset* opened : {images.train.get(), images.test.get()}) {
    if (opened->image_shape() == checkpoint.image()) continue;
    bad_input("recipe '{}': the encoder was trained on images of {}, those of {} are {}", recipe.name,
              to_string(checkpoint.image()), recipe.data.probe, to_string(opened->image_shape()));
  }
  return images;
}

/// The run directory to train into, and the trainer as the last run has left it.
RunDirectory continue_run(const std::filesystem::path& out, const Recipe& recipe, Trainer& trainer,
                          Reporter& reporter) {
  RunDirectory directory = RunDirectory::open(out);
  directory.adopt(recipe);
  std::filesystem::create_directories(directory.checkpoints());
  const auto checkpoint =
      latest_checkpoint(directory.checkpoints(), [&](std::string_view line) { reporter.note(line); });
  if (checkpoint) {
    trainer.resume(*checkpoint);
    reporter.note(fmt::format("going on from {}", checkpoint->path().string()));
  } else {
    reporter.note(fmt::format("{} holds no checkpoint yet; starting from the beginning", out.string()));
  }
  directory.cut_metrics(trainer.progress().epoch);
  return directory;
}

}  // namespace

Checkpoint open_checkpoint(const std::filesystem::path& run_or_file,
                           const std::function<void(std::string_view)>& note) {
  if (!std::filesystem::is_directory(run_or_file)) return Checkpoint(run_or_file);
  auto checkpoint = latest_checkpoint(RunDirectory::open(run_or_file).checkpoints(), note);
  if (!checkpoint) bad_input("{}: holds no checkpoint yet", run_or_file.string());
  return std::move(*checkpoint);
}

std::unique_ptr<Network> load_network(const Checkpoint& checkpoint, const Recipe& recipe, Device device) {
  auto network = make_network(recipe, checkpoint.image(), device);
  checkpoint.restore_weights(*network);
  return network;
}

void settle_precision(Recipe& recipe, Device device, Reporter& reporter) {
  if (recipe.train.precision != "auto") return;
  recipe.train.precision = std::string(name_of(compute_type("auto", device)));
  reporter.note(fmt::format("precision: {} ({})", recipe.train.precision,
                            has_native_bfloat16() ? "this processor computes with bfloat16 itself"
                                                  : "this processor has no bfloat16 instructions"));
}

RunDirectory pretrain(const Recipe& wanted, const Place& place, const std::filesystem::path& out, bool resume,
                      Reporter& reporter) {
  const bool continues = resume && std::filesystem::exists(out);
  if (!continues) RunDirectory::require_free(out);
  Recipe recipe = wanted;
  settle_precision(recipe, place.device, reporter);
  Trainer trainer(recipe, place);
  RunDirectory directory =
      continues ? continue_run(out, recipe, trainer, reporter) : RunDirectory::create(out, recipe, place.device);
  trainer.run(directory, reporter);
  return directory;
}

ProbeReport probe(const Checkpoint& checkpoint, const Recipe& recipe, const Place& place, Reporter& reporter) {
  Prober prober(recipe, open_images(checkpoint, recipe, place), place.device, reporter);
  ProbeReport report{.class_names = prober.train_images().class_names(),
                     .epochs = recipe.probe.epochs,
                     .trained = prober.encoder(*load_network(checkpoint, recipe, place.device), "trained encoder"),
                     .random = {},
                     .pixels = {},
                     .layers = checkpoint.layers()};
  if (recipe.probe.random_encoder) {
    report.random = prober.encoder(*make_network(recipe, checkpoint.image(), place.device), "random encoder");
  }
  if (recipe.probe.pixels) report.pixels = prober.pixels();
  return report;
}

ProbeReport run_experiment(const Recipe& wanted, const Place& place, const std::filesystem::path& out, bool resume,
                           Reporter& reporter) {
  restart_peak_memory();
  const RunDirectory directory = pretrain(wanted, place, out, resume, reporter);
  const Recipe recipe = read_recipe(directory.recipe_file());
  const auto note = [&](std::string_view line) { reporter.note(line); };
  ProbeReport report = probe(open_checkpoint(directory.path(), note), recipe, place, reporter);
  write_results(directory, recipe, report);
  return report;
}

}  // namespace biossl
