#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "biossl/core/settings.h"
#include "biossl/network/spec.h"

namespace biossl {

/// What images to learn from and to be judged on.
struct DataRecipe {
  std::string pretrain = "cifar100";
  std::string probe = "cifar10";
  std::int64_t images = 0;
  std::int64_t probe_images = 0;
  std::int64_t test_images = 0;
  std::int64_t image_size = 32;
  double mean = 0;
  double std = 1;

  template <class Visitor>
  void visit(Visitor& field) {
    field("pretrain", pretrain, "data set to learn from; its labels are seen by a loss that says so alone");
    field("probe", probe, "data set whose labels the linear probe is trained and tested on");
    field("images", images, "training images to learn from; 0: all");
    field("probe_images", probe_images, "training images of the probe; 0: all");
    field("test_images", test_images, "test images of the probe; 0: all");
    field("image_size", image_size, "side of the images of data sets that make their own; others have theirs");
    field("mean", mean, "what is taken from every value of an image, in [0,1], before the network sees it");
    field("std", std, "what the rest is divided by: the network sees (x - mean) / std");
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

  template <class Visitor>
  void visit(Visitor& field) {
    field("epochs", epochs, "times every image is seen; layer-wise rules: for every block");
    field("batch", batch, "pairs of views in a step");
    field(
        "micro_batch", micro_batch,
        "pairs learnt from at a time, their updates added up over the batch: the same result from less memory; 0: all");
    field("optimizer", optimizer, "\"adam\" or \"sgd\"; its own settings stand in [optimizer]");
    field("learning_rate", learning_rate, "step size");
    field("schedule", schedule,
          "\"constant\" or \"cosine\" (down to zero at the end; greedy layer-wise: of every block)");
    field("warmup_epochs", warmup_epochs,
          "epochs over which the learning rate rises linearly at the start; greedy layer-wise: of every block");
    field("precision", precision,
          "of activity and errors: \"auto\": bfloat16 where the device computes with it, else float32; \"float32\", "
          "\"bfloat16\", or \"tf32\": float32, rounded by a GPU's matrix units; weights are float32 always");
    field("checkpoint_every", checkpoint_every, "epochs between checkpoints; 0: only at the end and when interrupted");
    if (micro_batch >= batch) field.unused("micro_batch", "train.batch is no larger");
  }
};

struct ProbeRecipe {
  std::int64_t epochs = 200;
  std::int64_t batch = 500;
  double learning_rate = 1e-3;
  std::string blocks = "last";
  std::string precision = "auto";
  double memory_gb = 0;
  bool random_encoder = true;
  bool pixels = false;

  template <class Visitor>
  void visit(Visitor& field) {
    field("epochs", epochs, "epochs of the linear probe; short probes are far from converged");
    field("batch", batch, "images in a step of the probe");
    field("learning_rate", learning_rate, "Adam's step size for the probe");
    field("blocks", blocks, "\"last\" or \"all\": which blocks' outputs are probed");
    field(
        "precision", precision,
        "in which the features are kept: \"auto\", \"float32\" or \"bfloat16\"; the probe computes in float32 always");
    field("memory_gb", memory_gb,
          "10^9 bytes that features may take; more are read from a file in the run directory; 0: most of what is free");
    field("random_encoder", random_encoder, "probe the untrained encoder of the same seed beside the trained one");
    field("pixels", pixels, "probe the raw pixels too");
    if (epochs == 0) field.unused("learning_rate", "probe.epochs = 0 trains no probe");
  }
};

/// The number that a recipe is to reproduce, and where it stands. Changes nothing about the run.
struct PublishedRecipe {
  double accuracy = 0;
  std::string source;
  std::string setting;
  std::int64_t place = 0;

  template <class Visitor>
  void visit(Visitor& field) {
    field("accuracy", accuracy, "test accuracy of the linear probe in percent");
    field("source", source, "where it was published");
    field("setting", setting, "what tells it from its neighbours in the table");
    field("place", place, "of its row, from the top of the table");
  }
};

/// A component chosen by name, with the settings that its own options struct reads.
struct Choice {
  std::string kind;
  Settings settings;
};

/// Everything that makes a run what it is, apart from where it runs. One TOML section each: [data] [views] [network]
/// [loss] [rule] [train] [optimizer] [probe] and, where there is one, [published]; seed stands above them. [network] is
/// a preset or [[network.blocks]] with [network.head]. [rule] feedback = "…" chooses the feedback path; its own
/// settings stand in [feedback].
struct Recipe {
  std::string name = "recipe";  ///< the file's name without .toml
  std::uint64_t seed = 1;
  DataRecipe data;
  Choice views{"deform", {}};
  std::string preset = "conv6";  ///< "" where the blocks are written out
  NetworkSpec network;           ///< as resolved: the preset's or the written one
  Choice loss{"contrastive_hinge", {}};
  Choice rule{"e2e", {}};
  Choice feedback{"transpose", {}};
  TrainRecipe train;
  Choice optimizer{"adam", {}};  ///< kind is train.optimizer
  ProbeRecipe probe;
  std::optional<PublishedRecipe> published;
  /// A line for every setting that was given and changes nothing as the others stand.
  std::vector<std::string> notes = {};
};

/// One --set key=value, "train.epochs=5"; the value is written as in TOML, quotes around texts may be left out.
struct Override {
  std::string key;
  std::string value;
  std::string option = {};  ///< that stands for --set KEY=: "--seed"; messages name it
};

/// Parses, applies the overrides and checks everything that can be checked without data: unknown keys and names (with
/// the nearest known), types, ranges. A fault in the file throws BadInput with file, line and key; a fault of an
/// override std::invalid_argument. The file may be a pipe; "-" is standard input.
Recipe read_recipe(const std::filesystem::path& file, const std::vector<Override>& overrides = {});
/// What a recipe in this file is called unless it says itself: the file's name without .toml, as valid UTF-8 without
/// control characters.
std::string name_of_file(const std::filesystem::path& file);
/// The same from text; `origin` is what errors call it.
Recipe parse_recipe(const std::string& text, const std::string& origin, const std::vector<Override>& overrides = {});
/// One of the recipes that are part of the program, by its path below recipes/ without .toml: "table1/random_encoder".
/// Throws std::invalid_argument where there is none.
Recipe shipped_recipe(std::string_view path, const std::vector<Override>& overrides = {});
/// The recipe of `biossl run` without one: the main job on the built-in world.
Recipe demo_recipe(const std::vector<Override>& overrides = {});
/// The recipe with every default written out and commented; parse_recipe gives the same recipe back.
std::string to_toml(const Recipe& recipe);

}  // namespace biossl
