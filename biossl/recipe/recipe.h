#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "biossl/core/settings.h"
#include "biossl/network/spec.h"

namespace biossl {

/// What is done to the images of a data set before they enter the network.
struct ImageRecipe {
  std::int64_t resize = 0;
  double crop = 1;
  double mean = 0;
  double std = 1;

  template <class Visitor>
  void visit(Visitor& field) {
    field("resize", resize, "side that images from files are scaled to, cut to their middle square; 0: as they are");
    field("crop", crop, "side of that square, as a share of the image's shorter side");
    field("mean", mean, "subtracted from every value of an image, in [0,1], before it enters the network");
    field("std", std, "divisor after that: the network sees (x - mean) / std");
    if (resize == 0) field.unused("crop", "images are cut only where resize scales them");
  }
};

/// A data set as a recipe uses it.
struct DataSetRecipe {
  std::string kind;  ///< its name in the registry
  ImageRecipe images;
  Settings settings = {};  ///< of its kind
};

/// The images for pretraining and for the probe.
struct DataRecipe {
  std::string pretrain = "cifar100";
  std::string probe = "cifar10";
  std::string test;
  double test_share = 0;
  std::int64_t images = 0;
  std::int64_t probe_images = 0;
  std::int64_t test_images = 0;
  std::int64_t image_size = 32;
  double memory_gb = 0;
  ImageRecipe all;  ///< of every data set whose own section says nothing else

  /// Whether the recipe reads images of this data set.
  bool uses(std::string_view name) const { return name == pretrain || name == probe || name == test; }

  template <class Visitor>
  void visit(Visitor& field) {
    field("pretrain", pretrain, "data set to learn from; only a loss that says so reads its labels");
    field("probe", probe, "data set whose labels the linear probe is trained and tested on");
    field("test", test, "data set that the probe is tested on; \"\": the test images of data.probe");
    field("test_share", test_share,
          "share of data.probe's training images, class by class, that is kept for the test instead; 0: none");
    field("images", images, "training images to learn from; 0: all");
    field("probe_images", probe_images, "training images of the probe; 0: all");
    field("test_images", test_images, "test images of the probe; 0: all");
    field("image_size", image_size, "side of the images of data sets that render them; others have a fixed size");
    field("memory_gb", memory_gb,
          "memory for images from files in 10^9 bytes; more are read batch by batch; 0: half of what is free");
    all.visit(field);
    if (!test.empty()) field.unused("test_share", "data.test names the images of the test");
  }
};

struct TrainRecipe {
  std::int64_t epochs = 400;
  std::int64_t batch = 500;
  std::int64_t micro_batch = 0;
  std::string optimizer = "adam";
  double learning_rate = 1e-4;
  std::string schedule = "constant";
  double warmup_epochs = 0;
  std::string precision = "auto";
  std::int64_t checkpoint_every = 10;
  std::int64_t keep_checkpoints = 3;
  std::string from;

  template <class Visitor>
  void visit(Visitor& field) {
    field("epochs", epochs, "passes over the images; layer-wise rules: per block");
    field("batch", batch, "pairs of views in a step");
    field("micro_batch", micro_batch,
          "pairs computed at a time; updates are summed over the batch: the same result in less memory; 0: all");
    field("optimizer", optimizer, "\"adam\" or \"sgd\"; its settings are in [optimizer]");
    field("learning_rate", learning_rate, "step size");
    field("schedule", schedule,
          "\"constant\" or \"cosine\" (falls to zero at the end; greedy layer-wise: of every block)");
    field("warmup_epochs", warmup_epochs,
          "epochs over which the learning rate rises linearly at the start; greedy layer-wise: of every block");
    field("precision", precision,
          "type of activity and errors: \"auto\" (bfloat16 if the device is faster with it, else float32), "
          "\"float32\", \"bfloat16\", or \"tf32\" (float32, rounded by a GPU's matrix units); weights are always "
          "float32");
    field("checkpoint_every", checkpoint_every, "epochs between checkpoints; 0: only at the end and when interrupted");
    field("keep_checkpoints", keep_checkpoints, "checkpoints that are kept, the newest ones; 0: all");
    field("from", from,
          "checkpoint or run directory whose weights and feedback paths the run starts with; \"\": drawn by the seed");
    if (micro_batch >= batch) field.unused("micro_batch", "train.batch is no larger");
  }
};

struct ProbeRecipe {
  std::int64_t epochs = 200;
  std::int64_t batch = 500;
  double learning_rate = 1e-3;
  std::string blocks = "last";
  double labels = 1;
  double validation = 0;
  std::string precision = "auto";
  double memory_gb = 0;
  bool random_encoder = true;
  bool pixels = false;
  std::int64_t knn = 0;
  double knn_temperature = 0.1;
  bool targets = false;
  bool augment = false;
  std::int64_t padding = 0;

  template <class Visitor>
  void visit(Visitor& field) {
    field("epochs", epochs, "epochs of the linear probe; short probes are far from converged");
    field("batch", batch, "images in a step of the probe");
    field("learning_rate", learning_rate, "Adam's step size for the probe");
    field("blocks", blocks, "\"last\" or \"all\": which blocks' outputs are probed");
    field("labels", labels, "share of the training images, class by class, whose labels the probe may use");
    field("validation", validation,
          "share of those images that are kept apart; the probe is tested as it was after the epoch that was best on "
          "them; 0: none, as it is after the last epoch");
    field("precision", precision,
          "type of the stored features: \"auto\", \"float32\" or \"bfloat16\"; the probe always computes in float32");
    field("memory_gb", memory_gb,
          "memory for features in 10^9 bytes; larger ones go to a file in the run directory; 0: most free memory");
    field("random_encoder", random_encoder, "also probe the untrained encoder of the same seed");
    field("pixels", pixels, "also probe the raw pixels");
    field("knn", knn, "also classify by the votes of this many nearest training images, by cosine similarity; 0: not");
    field("knn_temperature", knn_temperature, "a neighbour's vote weighs exp(similarity / temperature)");
    field("targets", targets, "also read the data set's continuous targets (world: pose, light, place) off: R^2");
    field("augment", augment,
          "train the linear probe on new random crops of its images in every epoch, half of them mirrored; every epoch "
          "takes a pass through the encoder");
    field("padding", padding, "zeros on each side of an image, in pixels, among which such a crop may lie");
    if (epochs == 0) field.unused("learning_rate", "probe.epochs = 0 trains no probe");
    if (epochs == 0) field.unused("validation", "probe.epochs = 0 trains no probe");
    if (epochs == 0) field.unused("augment", "probe.epochs = 0 trains no probe");
    if (!augment) field.unused("padding", "probe.augment = false cuts no crops");
    if (knn == 0) field.unused("knn_temperature", "probe.knn = 0 asks no neighbours");
  }
};

/// The published number that a recipe reproduces, and its source. It does not influence the run.
struct PublishedRecipe {
  double accuracy = 0;
  std::string source;
  std::string setting;
  std::int64_t place = 0;

  template <class Visitor>
  void visit(Visitor& field) {
    field("accuracy", accuracy, "test accuracy of the linear probe in percent");
    field("source", source, "where it was published");
    field("setting", setting, "what distinguishes its row in the table");
    field("place", place, "position of its row in the table, from the top");
  }
};

/// What reading a network takes of the loss, the rule and the views that it learnt with. A checkpoint records it, so
/// that they need not be registered where the network is read.
struct ReadingTraits {
  std::string head = "linear";   ///< the kind of its heads
  std::int64_t predictions = 1;  ///< as Loss::predictions
  bool whole_images = false;     ///< whether its views show whole images as they are
  bool uses_labels = false;      ///< whether it learnt from labels
};

/// A component that a recipe names and that is not registered here.
struct AbsentComponent {
  std::string key;                 ///< of the recipe, which names it: "loss.kind"
  std::string what;                ///< "loss"
  std::string name;                ///< as it is called there
  std::string comment;             ///< behind the name, which may say what to import
  bool has_other_options = false;  ///< whether there is one of that name, which does not take the recipe's settings
};

/// Everything that defines a run, except where it runs. Each part is a TOML section: [data] [views] [network] [loss]
/// [rule] [train] [optimizer] [probe] and optionally [published]; seed is above all sections. [network] is a preset, or
/// [[network.blocks]] with [network.head]. What is of one data set alone is in [data.NAME]; with a kind there, NAME is
/// a name of the recipe's own. [rule] feedback = "…" chooses the feedback path, whose settings are in [feedback].
struct Recipe {
  std::string name = "recipe";  ///< the file's name without .toml
  std::uint64_t seed = 1;
  DataRecipe data;
  /// The data sets that it names, by name, where they have settings or a section of their own.
  std::map<std::string, DataSetRecipe> data_sets;
  Choice views{"deform", {}};
  std::string preset = "conv6";  ///< "" for written blocks
  double width = 1;              ///< times the preset's channels
  NetworkSpec network;           ///< the preset's or the written one
  Choice loss{"contrastive_hinge", {}};
  Choice rule{"e2e", {}};
  Choice feedback{"transpose", {}};
  TrainRecipe train;
  Choice optimizer{"adam", {}};  ///< kind is train.optimizer
  ProbeRecipe probe;
  std::optional<PublishedRecipe> published;
  /// One line per setting that was given but has no effect beside the others.
  std::vector<std::string> notes = {};
  /// Of a recipe for reading a network alone. Such a one may name losses, rules, feedback paths, views, data sets and
  /// optimisers that are absent; their settings are as they stand.
  std::optional<ReadingTraits> reading = std::nullopt;
  std::vector<AbsentComponent> absent = {};
  bool leaves_image_size = false;  ///< whether a data set is absent and data.image_size not given
};

/// One change of a recipe, train.epochs=5. The value is TOML; quotes around texts may be left out.
struct Override {
  std::string key;
  std::string value;
  std::string option = {};  ///< name of the option that stands for it, "seed"; for messages
};

/// Parses, applies the overrides and checks everything that needs no data: unknown keys and names (with the nearest
/// known one), types, ranges. Throws BadInput with file, line and key for a fault of the file; std::invalid_argument
/// for a fault of an override. The file may be a pipe; "-" is standard input, a run directory means its recipe. With
/// `reading`, the recipe is for reading a network, and what that does not need may be absent.
Recipe read_recipe(const std::filesystem::path& file, const std::vector<Override>& overrides = {},
                   const std::optional<ReadingTraits>& reading = std::nullopt);
/// The default name of a recipe: the file's name without .toml, as valid UTF-8 without control characters.
std::string name_of_file(const std::filesystem::path& file);
/// The same from text; errors call it `origin`.
Recipe parse_recipe(const std::string& text, const std::string& origin, const std::vector<Override>& overrides = {},
                    const std::optional<ReadingTraits>& reading = std::nullopt);
/// A built-in recipe, by its path below recipes/ without .toml: "table1/random_encoder". Throws std::invalid_argument
/// if there is none.
Recipe shipped_recipe(std::string_view path, const std::vector<Override>& overrides = {});
/// The recipe of `biossl run` without a recipe: the main job on the built-in world.
Recipe demo_recipe(const std::vector<Override>& overrides = {});
/// The recipe with all defaults and comments; parse_recipe reads the same recipe back.
std::string to_toml(const Recipe& recipe);

}  // namespace biossl
