#include "biossl/experiment/experiment.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <utility>

#include "biossl/core/memory.h"
#include "biossl/core/processor.h"
#include "biossl/experiment/precision.h"
#include "biossl/experiment/trainer.h"

namespace biossl {
namespace {

/// The images that probes are trained and tested on. One split is open at a time: pixels that nobody reads now need not
/// lie in memory beside the features.
class ProbeImages {
 public:
  /// Throws BadInput where the images are not there or are not those of an encoder of images of this shape.
  ProbeImages(const Recipe& recipe, const Place& place, const Shape& encoder_image) : recipe_(recipe), place_(place) {
    for (const Split split : {Split::test, Split::train}) {
      const Dataset& opened = open(split);
      total_ += opened.size();
      (split == Split::test ? chance_ : train_chance_) = share_of_commonest(opened.labels());
      if (opened.image_shape() == encoder_image) continue;
      bad_input("recipe '{}': the encoder was trained on images of {}, those of {} are {}", recipe.name,
                to_string(encoder_image), recipe.data.probe, to_string(opened.image_shape()));
    }
    class_names_ = open_->class_names();
  }

  /// Until another split is opened.
  const Dataset& open(Split split) {
    if (open_ == nullptr || open_split_ != split) {
      open_.reset();
      open_ = open_probe_images(recipe_, place_, split);
      open_split_ = split;
    }
    return *open_;
  }

  const std::vector<std::string>& class_names() const { return class_names_; }
  double chance() const { return chance_; }
  double train_chance() const { return train_chance_; }
  /// Images of both splits.
  std::int64_t total() const { return total_; }

 private:
  const Recipe& recipe_;
  Place place_;
  std::unique_ptr<Dataset> open_;
  Split open_split_ = Split::train;
  std::vector<std::string> class_names_;
  std::int64_t total_ = 0;
  double chance_ = 0, train_chance_ = 0;
};

/// Trains the probes of one report.
class Prober {
 public:
  /// scratch: where features go that memory does not hold.
  Prober(const Recipe& recipe, ProbeImages images, Device device, std::filesystem::path scratch, Reporter& reporter)
      : recipe_(recipe),
        images_(std::move(images)),
        device_(device),
        dtype_(compute_type(recipe.probe.precision, device)),
        scratch_(std::move(scratch)),
        reporter_(reporter) {}

  const ProbeImages& images() const { return images_; }

  /// The blocks asked for, from one pass over the images where memory holds the features of all of them, else from as
  /// few as it allows. `at_fault`: what to look at where features are not finite.
  std::vector<BlockProbe> encoder(Network& network, const std::string& who, const std::string& at_fault) {
    at_fault_ = at_fault;
    std::vector<BlockProbe> probes;
    const std::int64_t budget = feature_budget();
    for (const std::vector<int>& blocks : passes(network, budget)) {
      const std::string names = blocks.size() == 1
                                    ? fmt::format("{}, block {}", who, blocks.front())
                                    : fmt::format("{}, blocks {}-{}", who, blocks.front(), blocks.back());
      // A pass is larger than the budget where its only block is.
      const std::int64_t size = network.block(blocks.front()).plan().output.size();
      const KeptAs kept = blocks.size() == 1 ? keep(size, budget, names) : KeptAs{.dtype = dtype_};
      const auto read = [&](Split split, const char* name) {
        const Progress progress = stage_progress(reporter_, fmt::format("{}: {} features", names, name));
        return extract_features(network, blocks, images_.open(split), kept, progress);
      };
      std::vector<Features> train = read(Split::train, "training");
      std::vector<Features> test = read(Split::test, "test");
      for (std::size_t i = 0; i < blocks.size(); ++i) {
        probes.push_back(fit(std::exchange(train[i], {}), std::exchange(test[i], {}), blocks[i],
                             fmt::format("{}, block {}", who, blocks[i])));
      }
    }
    return probes;
  }

  BlockProbe pixels() {
    const std::int64_t size = images_.open(Split::train).image_shape().size();
    const KeptAs kept = keep(size, feature_budget(), "pixels");
    const Features train = pixel_features(images_.open(Split::train), device_, kept);
    const Features test = pixel_features(images_.open(Split::test), device_, kept);
    return fit(train, test, 0, "pixels");
  }

 private:
  /// Bytes that features may take in memory; without end where that is not known.
  std::int64_t feature_budget() const {
    const std::int64_t free = available_memory_bytes(device_).value_or(std::numeric_limits<std::int64_t>::max());
    if (recipe_.probe.memory_gb == 0) return free / 5 * 4;  // the rest is for probes and other work
    const double wanted = recipe_.probe.memory_gb * 1e9;
    const std::int64_t most = free / 20 * 19;
    return wanted < static_cast<double>(most) ? static_cast<std::int64_t>(wanted) : most;
  }

  /// What the features of all images take, when those of one are `size` numbers.
  std::int64_t bytes_of(std::int64_t size) const {
    return images_.total() * size * static_cast<std::int64_t>(size_of(dtype_));
  }

  /// The blocks to probe, shared out among passes whose features fit into memory.
  std::vector<std::vector<int>> passes(const Network& network, std::int64_t budget) {
    if (recipe_.probe.blocks != "all") return {{network.depth() - 1}};
    std::vector<std::int64_t> bytes;
    for (int block = 0; block < network.depth(); ++block) {
      bytes.push_back(bytes_of(network.block(block).plan().output.size()));
    }
    const auto passes = share_passes(bytes, budget);
    if (passes.size() > 1) {
      reporter_.note(fmt::format("the features of all blocks take {}: {} passes",
                                 beside(std::accumulate(bytes.begin(), bytes.end(), std::int64_t{0}), budget),
                                 passes.size()));
    }
    return passes;
  }

  /// Features of `size` numbers an image go to memory where they fit, else to a file, which a GPU would wait for.
  KeptAs keep(std::int64_t size, std::int64_t budget, const std::string& name) {
    const std::int64_t bytes = bytes_of(size);
    if (bytes <= budget) return {.dtype = dtype_};
    if (device_ == Device::cuda) {
      throw std::runtime_error(
          fmt::format("{}: features take {}; probe.precision = \"bfloat16\" or fewer data.probe_images need less, and "
                      "--device cpu reads them from a file",
                      name, beside(bytes, budget)));
    }
    reporter_.note(
        fmt::format("{}: features take {}; they are read from a temporary file in {} in every epoch "
                    "(probe.memory_gb, probe.precision)",
                    name, beside(bytes, budget), scratch_.string()));
    return {.dtype = dtype_, .folder = scratch_};
  }

  static std::string beside(std::int64_t bytes, std::int64_t budget) {
    return fmt::format("{:.1f} GB, and {:.1f} GB of memory are for them", static_cast<double>(bytes) / 1e9,
                       static_cast<double>(budget) / 1e9);
  }

  BlockProbe fit(const Features& train, const Features& test, int block, const std::string& name) {
    const ProbeOptions options{.epochs = recipe_.probe.epochs,
                               .batch = recipe_.probe.batch,
                               .learning_rate = recipe_.probe.learning_rate,
                               .classes = static_cast<std::int64_t>(images_.class_names().size()),
                               .seed = recipe_.seed};
    try {
      return {.block = block,
              .features = train.values.extent(1),
              .result = train_linear_probe(train, test, options, stage_progress(reporter_, name + ": probe"))};
    } catch (const FeaturesNotFinite& wrong) {
      throw std::runtime_error(fmt::format("{}: {}; {}", name, wrong.what(), at_fault_));
    }
  }

  const Recipe& recipe_;
  ProbeImages images_;
  Device device_;
  DType dtype_;
  std::filesystem::path scratch_;
  Reporter& reporter_;
  std::string at_fault_;
};

/// Leaves the run directory and the trainer as the last run has left them.
void continue_run(const RunDirectory& directory, const Recipe& recipe, Device device, Trainer& trainer,
                  Reporter& reporter) {
  directory.adopt(recipe, device);
  std::filesystem::create_directories(directory.checkpoints());
  const auto checkpoint =
      latest_checkpoint(directory.checkpoints(), [&](std::string_view line) { reporter.note(line); });
  if (checkpoint) {
    trainer.resume(*checkpoint);
    directory.add_environment(recipe, device, trainer.progress().epoch);
    reporter.note(fmt::format("going on from {}", checkpoint->path().string()));
  } else {
    reporter.note(fmt::format("{} holds no checkpoint yet; starting from the beginning", directory.path().string()));
  }
  directory.cut_metrics(trainer.progress().epoch);
  if (trainer.progress().epoch < trainer.total_epochs()) directory.remove_results();
}

/// The run directory that is gone on with; nothing where a new one is to be made, for which there is room.
std::optional<RunDirectory> find_place(const std::filesystem::path& out, bool resume) {
  if (resume && std::filesystem::exists(out)) return RunDirectory::open_alone(out);
  RunDirectory::require_free(out);
  return std::nullopt;
}

RunDirectory pretrain_in(std::optional<RunDirectory> continued, const Recipe& wanted, const Place& place,
                         const std::filesystem::path& out, Reporter& reporter) {
  Recipe recipe = wanted;
  for (const std::string& note : recipe.notes) reporter.note(note);
  if (continued) continue_precision(recipe, read_recipe(continued->recipe_file()), place.device, reporter);
  settle_precision(recipe, place.device, reporter);
  check_precision(recipe, place.device);
  Trainer trainer(recipe, place);
  if (continued) continue_run(*continued, recipe, place.device, trainer, reporter);
  const RunDirectory directory = continued ? *continued : RunDirectory::create(out, recipe, place.device);
  trainer.run(directory, reporter);
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

RunDirectory pretrain(const Recipe& recipe, const Place& place, const std::filesystem::path& out, bool resume,
                      Reporter& reporter) {
  return pretrain_in(find_place(out, resume), recipe, place, out, reporter);
}

ProbeReport probe(const Checkpoint& checkpoint, const Recipe& of_run, const Place& place, Reporter& reporter) {
  Recipe recipe = of_run;
  read_as_float32_where_needed(recipe, place.device, reporter);
  Prober prober(recipe, ProbeImages(recipe, place, checkpoint.image()), place.device,
                std::filesystem::absolute(checkpoint.path()).parent_path(), reporter);
  ProbeReport report{
      .class_names = prober.images().class_names(),
      .epochs = recipe.probe.epochs,
      .trained_epochs = checkpoint.progress().epoch,
      .trained = prober.encoder(*load_network(checkpoint, recipe, place.device), "trained encoder",
                                fmt::format("the encoder in {} has diverged", checkpoint.path().string())),
      .random = {},
      .pixels = {},
      .layers = checkpoint.layers(),
      .device = place.device,
      .chance = prober.images().chance(),
      .train_chance = prober.images().train_chance()};
  if (recipe.probe.random_encoder) {
    report.random = prober.encoder(*make_network(recipe, checkpoint.image(), place.device), "random encoder",
                                   "it has learnt nothing, so look at data.mean, data.std and the network");
  }
  if (recipe.probe.pixels) report.pixels = prober.pixels();
  return report;
}

void require_images(const Recipe& recipe, const Place& place) {
  const ProbeImages are_there(recipe, place, open_pretraining_images(recipe, place)->image_shape());
}

ProbedRun pretrain_and_probe(const Recipe& wanted, const Place& place, const std::filesystem::path& out, bool resume,
                             Reporter& reporter) {
  // What could fail behind hours of training is looked at before them.
  std::optional<RunDirectory> continued = find_place(out, resume);
  require_images(wanted, place);
  restart_peak_memory();
  RunDirectory directory = pretrain_in(std::move(continued), wanted, place, out, reporter);
  Recipe recipe = read_recipe(directory.recipe_file());
  const auto note = [&](std::string_view line) { reporter.note(line); };
  ProbeReport report = probe(open_checkpoint(directory.path(), note), recipe, place, reporter);
  return {.directory = std::move(directory), .recipe = std::move(recipe), .report = std::move(report)};
}

ProbeReport run_experiment(const Recipe& recipe, const Place& place, const std::filesystem::path& out, bool resume,
                           Reporter& reporter) {
  const ProbedRun run = pretrain_and_probe(recipe, place, out, resume, reporter);
  write_results(run.directory, run.recipe, run.report);
  return run.report;
}

}  // namespace biossl
