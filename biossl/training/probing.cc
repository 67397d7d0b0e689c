#include "biossl/training/probing.h"

#include <algorithm>
#include <utility>

#include "biossl/core/wording.h"
#include "biossl/data/cropped_images.h"
#include "biossl/evaluation/augmented_probe.h"
#include "biossl/runs/precision.h"
#include "biossl/runs/run_directory.h"
#include "biossl/training/feature_memory.h"

namespace biossl {
namespace {

/// The images of the probes. One part is open at a time, to save the memory of the others' pixels.
class ProbeImages {
 public:
  /// Throws BadInput if the images are missing or do not have the encoder's input shape.
  ProbeImages(const Recipe& recipe, const ExecutionContext& context, const Shape& encoder_image)
      : recipe_(recipe), context_(context) {
    for (const ProbePart part : {ProbePart::test, ProbePart::validation, ProbePart::train}) {
      if (part == ProbePart::validation && !validates()) continue;
      const Dataset& opened = find(part);
      require_labels(opened, part);
      total_ += opened.size();
      if (part == ProbePart::test) chance_ = share_of_commonest(opened.labels());
      if (part == ProbePart::train) train_chance_ = share_of_commonest(opened.labels());
      take_names(opened.class_names());
      take_targets(opened, part);
      const Shape shown = view_plan(recipe, opened.image_shape()).image;
      if (shown == encoder_image) continue;
      bad_input("recipe '{}': the encoder was trained on images of {}, those of {} are {}", recipe.name,
                to_string(encoder_image), name_of_set(part), to_string(shown));
    }
    train_images_ = open_->size();
    if (class_names_.size() > 1) return;
    bad_input("recipe '{}': {} has one class, and a probe tells classes apart; use {} and {}", recipe.name,
              recipe.data.probe, wording::command("pretrain"), wording::command("embed"));
  }

  /// With probe.augment their middle. Valid until another part is opened.
  const Dataset& open(ProbePart part) {
    if (open_ == nullptr || open_part_ != part) {
      open_.reset();
      cropped_ = nullptr;
      open_ = open_probe_images(recipe_, context_, part);
      open_part_ = part;
      if (recipe_.probe.augment) crop_open_ones();
    }
    return *open_;
  }

  /// The training images, to be cut anew; with probe.augment. Valid until another part is opened.
  CroppedImages& open_to_augment() {
    open(ProbePart::train);
    return *cropped_;
  }

  /// Whether some images are for validation.
  bool validates() const { return recipe_.probe.validation > 0; }

  /// Empty without probe.targets.
  const Targets& train_targets() const { return train_targets_; }
  const Targets& test_targets() const { return test_targets_; }
  const std::vector<std::string>& class_names() const { return class_names_; }
  double chance() const { return chance_; }
  double train_chance() const { return train_chance_; }
  std::int64_t train_images() const { return train_images_; }
  /// Number of images of all parts.
  std::int64_t total() const { return total_; }

 private:
  void crop_open_ones() {
    const CropSize crop = probe_crop(recipe_, open_->image_shape());
    auto cropped = std::make_unique<CroppedImages>(std::move(open_), crop);
    cropped_ = cropped.get();
    open_ = std::move(cropped);
  }

  /// Opens a part. Where there are no test images, missing labels are told first: no test images would help.
  const Dataset& find(ProbePart part) {
    try {
      return open(part);
    } catch (const MissingSplit&) {
      require_labels(open(ProbePart::train), ProbePart::train);
      throw;
    }
  }

  const std::string& name_of_set(ProbePart part) const {
    return part == ProbePart::test && !recipe_.data.test.empty() ? recipe_.data.test : recipe_.data.probe;
  }

  void require_labels(const Dataset& opened, ProbePart part) const {
    if (opened.size() == 0) {
      bad_input(
          "recipe '{}': probe.labels = {} and probe.validation = {} of {} leave no {} images; each class needs "
          "two labelled images or more",
          recipe_.name, recipe_.probe.labels, recipe_.probe.validation, recipe_.data.probe, name_of(part));
    }
    if (opened.is_labelled()) return;
    bad_input(
        "recipe '{}': the {} images of {} have no labels, and a probe needs a class for every image; name a data "
        "set with labels as data.{}, or use {} and {}",
        recipe_.name, name_of(part), name_of_set(part), part == ProbePart::test ? "test" : "probe",
        wording::command("pretrain"), wording::command("embed"));
  }

  void take_targets(const Dataset& opened, ProbePart part) {
    if (!recipe_.probe.targets || part == ProbePart::validation) return;
    Targets& targets = part == ProbePart::test ? test_targets_ : train_targets_;
    targets = opened.targets();
    if (targets.names.empty()) {
      bad_input("recipe '{}': probe.targets reads continuous targets, and {} has none; data.probe = \"world\" has",
                recipe_.name, name_of_set(part));
    }
    if (part == ProbePart::test || targets.names == test_targets_.names) return;
    bad_input("recipe '{}': probe.targets: {} and {} have other targets", recipe_.name, name_of_set(ProbePart::test),
              name_of_set(part));
  }

  /// The test images, which come first, may lack the last classes of the training images.
  void take_names(const std::vector<std::string>& names) {
    const std::size_t both = std::min(names.size(), class_names_.size());
    const auto [one, other] =
        std::mismatch(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(both), class_names_.begin());
    if (other == class_names_.end()) {
      class_names_ = names;
      return;
    }
    bad_input(
        "recipe '{}': the test images of {} have a class '{}' where the training images have {}; both need the "
        "same classes",
        recipe_.name, name_of_set(ProbePart::test), *other,
        one == names.end() ? std::string("none") : fmt::format("'{}'", *one));
  }

  const Recipe& recipe_;
  ExecutionContext context_;
  std::unique_ptr<Dataset> open_;
  CroppedImages* cropped_ = nullptr;  // what is open, with probe.augment
  ProbePart open_part_ = ProbePart::train;
  std::vector<std::string> class_names_;
  Targets train_targets_, test_targets_;
  std::int64_t total_ = 0, train_images_ = 0;
  double chance_ = 0, train_chance_ = 0;
};

/// Trains the probes of one report.
class Prober {
 public:
  /// scratch: folder for features that do not fit into memory.
  Prober(const Recipe& recipe, ProbeImages images, Device device, std::filesystem::path scratch, Reporter& reporter)
      : recipe_(recipe),
        images_(std::move(images)),
        device_(device),
        memory_(recipe, device, images_.total(), std::move(scratch), reporter),
        reporter_(reporter) {}

  const ProbeImages& images() const { return images_; }

  /// Probes the chosen blocks, with as few passes over the images as memory allows. `at_fault`: the likely cause of
  /// features that are not finite, for the message.
  std::vector<BlockProbe> encoder(Network& network, const std::string& who, const std::string& at_fault) {
    at_fault_ = at_fault;
    std::vector<BlockProbe> probes;
    for (const std::vector<int>& blocks : memory_.passes(network)) {
      const std::string names = blocks.size() == 1
                                    ? fmt::format("{}, block {}", who, blocks.front())
                                    : fmt::format("{}, blocks {}-{}", who, blocks.front(), blocks.back());
      const std::int64_t size = network.block(blocks.front()).plan().output.size();
      const FeatureStorage kept = blocks.size() == 1 ? memory_.storage(size, names) : memory_.in_memory();
      std::vector<ProbeFeatures> features = read(network, blocks, names, kept);
      std::vector<std::optional<ProbeResult>> trained(blocks.size());
      if (recipe_.probe.augment) trained = augment(network, blocks, names, features);
      for (std::size_t i = 0; i < blocks.size(); ++i) {
        probes.push_back(fit(std::exchange(features[i], {}), blocks[i], fmt::format("{}, block {}", who, blocks[i]),
                             std::move(trained[i])));
      }
    }
    return probes;
  }

  BlockProbe pixels() {
    const std::int64_t size = images_.open(ProbePart::train).image_shape().size();
    const FeatureStorage kept = memory_.storage(size, "pixels");
    const auto read = [&](ProbePart part) { return pixel_features(images_.open(part), device_, kept); };
    ProbeFeatures features{.train = read(ProbePart::train), .test = read(ProbePart::test)};
    if (images_.validates()) features.validation = read(ProbePart::validation);
    return fit(features, 0, "pixels", std::nullopt);
  }

 private:
  template <class Work>
  auto blaming_encoder(const std::string& name, const Work& work) {
    try {
      return work();
    } catch (const FeaturesNotFinite& wrong) {
      throw std::runtime_error(fmt::format("{}: {}; {}", name, wrong.what(), at_fault_));
    }
  }

  ProbeOptions options() const {
    return {.epochs = recipe_.probe.epochs,
            .batch = recipe_.probe.batch,
            .learning_rate = recipe_.probe.learning_rate,
            .classes = static_cast<std::int64_t>(images_.class_names().size()),
            .seed = recipe_.seed};
  }

  /// The features of all parts at each of the blocks; with probe.augment the training tables are not filled yet.
  std::vector<ProbeFeatures> read(Network& network, const std::vector<int>& blocks, const std::string& names,
                                  const FeatureStorage& kept) {
    std::vector<ProbeFeatures> features(blocks.size());
    const auto part = [&](ProbePart of, const char* name, Features ProbeFeatures::*place) {
      const bool later = of == ProbePart::train && recipe_.probe.augment;
      const Progress progress = stage_progress(reporter_, fmt::format("{}: {} features", names, name));
      std::vector<Features> its =
          later ? make_features(network, blocks, images_.open(of), kept)
                : extract_features(network, blocks, images_.open(of), kept, progress, reading_views(recipe_));
      for (std::size_t i = 0; i < blocks.size(); ++i) features[i].*place = std::move(its[i]);
    };
    part(ProbePart::train, "training", &ProbeFeatures::train);
    if (images_.validates()) part(ProbePart::validation, "validation", &ProbeFeatures::validation);
    part(ProbePart::test, "test", &ProbeFeatures::test);
    return features;
  }

  /// Trains the linear probes on crops, and fills the training tables.
  std::vector<std::optional<ProbeResult>> augment(const Network& network, const std::vector<int>& blocks,
                                                  const std::string& names,
                                                  const std::vector<ProbeFeatures>& features) {
    return blaming_encoder(names, [&] {
      CroppedImages& images = images_.open_to_augment();
      FeatureReader reader(network, blocks, images, reading_views(recipe_));
      const auto results = train_augmented_probes(reader, images, features, options(),
                                                  stage_progress(reporter_, names + ": probe on crops"));
      return std::vector<std::optional<ProbeResult>>(results.begin(), results.end());
    });
  }

  /// trained: the linear probe's result where it has been trained.
  BlockProbe fit(const ProbeFeatures& features, int block, const std::string& name,
                 std::optional<ProbeResult> trained) {
    return blaming_encoder(name, [&] {
      if (!trained) trained = train_linear_probe(features, options(), stage_progress(reporter_, name + ": probe"));
      BlockProbe probe{.block = block, .features = features.train.values.extent(1), .result = *trained};
      if (recipe_.probe.knn > 0) probe.knn = ask_neighbours(features, options().classes, name);
      if (recipe_.probe.targets) {
        probe.targets = regression_probe(features, images_.train_targets(), images_.test_targets(),
                                         stage_progress(reporter_, name + ": targets"));
      }
      return probe;
    });
  }

  KnnResult ask_neighbours(const ProbeFeatures& features, std::int64_t classes, const std::string& name) {
    const KnnOptions options{
        .neighbours = recipe_.probe.knn, .temperature = recipe_.probe.knn_temperature, .classes = classes};
    return knn_probe(features, options, stage_progress(reporter_, name + ": neighbours"));
  }

  const Recipe& recipe_;
  ProbeImages images_;
  Device device_;
  FeatureMemory memory_;
  Reporter& reporter_;
  std::string at_fault_;
};

}  // namespace

std::unique_ptr<Network> load_network(const Checkpoint& checkpoint, const Recipe& recipe, Device device) {
  auto network = make_network(recipe, checkpoint.image(), device);
  checkpoint.restore_weights(*network);
  return network;
}

ProbeReport probe(const Checkpoint& checkpoint, const Recipe& of_run, const ExecutionContext& context,
                  Reporter& reporter) {
  Recipe recipe = with_input_of(of_run.data.probe, of_run);
  read_as_float32_where_needed(recipe, context.device, reporter);
  Prober prober(recipe, ProbeImages(recipe, context, checkpoint.image()), context.device,
                std::filesystem::absolute(checkpoint.path()).parent_path(), reporter);
  if (recipe.probe.knn > prober.images().train_images()) {
    reporter.note(fmt::format("probe.knn = {} is more than the {} training images: all of them vote", recipe.probe.knn,
                              prober.images().train_images()));
  }
  ProbeReport report{
      .class_names = prober.images().class_names(),
      .epochs = recipe.probe.epochs,
      .augmented = recipe.probe.augment,
      .trained_epochs = checkpoint.progress().epoch,
      .trained = prober.encoder(*load_network(checkpoint, recipe, context.device), "trained encoder",
                                fmt::format("the encoder in {} has diverged", checkpoint.path().string())),
      .random = {},
      .pixels = {},
      .layers = checkpoint.layers(),
      .device = context.device,
      .chance = prober.images().chance(),
      .train_chance = prober.images().train_chance(),
      .train_images = prober.images().train_images()};
  if (recipe.probe.random_encoder) {
    report.random = prober.encoder(*make_network(recipe, checkpoint.image(), context.device), "random encoder",
                                   "it has learnt nothing, so look at data.mean, data.std and the network");
  }
  if (recipe.probe.pixels) report.pixels = prober.pixels();
  return report;
}

void require_images(const Recipe& recipe, const ExecutionContext& context) {
  check_views_device(recipe, context.device);
  const Shape image = open_pretraining_images(recipe, context)->image_shape();
  const ProbeImages are_there(recipe, context, view_plan(recipe, image).image);
}

}  // namespace biossl
