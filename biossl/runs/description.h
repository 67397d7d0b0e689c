#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "biossl/recipe/data_sets.h"
#include "biossl/recipe/recipe.h"

namespace biossl {

/// What a recipe is, for the reader: its network layer by layer, the type that training here computes with, its rule,
/// and which properties of biological plausibility its components keep.
struct Description {
  struct Layer {
    std::string name;             ///< "block 0", "head 4"
    std::string what;             ///< "3x3 convolution"
    std::string input, output;    ///< "32x32x3"; a head's output: its number of features
    std::int64_t parameters = 0;  ///< weights
    std::int64_t operations = 0;  ///< multiplications and additions of a forward pass
  };
  struct Precision {
    std::string setting;      ///< train.precision
    std::string here;         ///< the type that this stands for on this machine
    std::string support;      ///< what this machine makes of bfloat16
    bool trains_here = true;  ///< whether this machine trains with it
  };
  struct Rule {
    std::string kind, summary;
    std::int64_t epochs = 0;        ///< in all
    std::int64_t train_epochs = 0;  ///< train.epochs
  };
  struct Property {
    std::string number;  ///< "(i)"
    bool kept = false;
    std::string property, why;
  };
  struct Change {
    std::string key, value;
    std::optional<std::string> usual;  ///< the default, as in TOML like the value; std::nullopt if there is none
  };

  std::string views;                           ///< what they make of images; "" where the network sees whole images
  std::string network;                         ///< "conv6 on images of 32x32x3"
  std::string unit;                            ///< what the layers' operations are of: "image" or "patch"
  std::vector<Layer> layers;                   ///< blocks, then heads
  Precision precision;                         ///< of training
  Rule rule;                                   ///< of learning
  std::string loss, feedback;                  ///< their names
  std::vector<Property> properties;            ///< of plausibility; none where nothing learns
  std::optional<std::vector<Change>> changes;  ///< what differs from the defaults, by key; if it was asked for
  std::vector<std::string> notes;              ///< a line each

  /// All layers together, without a description.
  Layer total() const;
};

/// Without a data folder the size of images that only files know is assumed, and a note says so. Throws BadInput where
/// parts of the recipe do not fit together. changes: also what differs from the defaults.
Description describe(Recipe recipe, const ExecutionContext& context, bool changes = false);

/// Text for a terminal.
std::string to_text(const Description& description);
/// The same as a JSON object.
std::string to_json(const Description& description);

}  // namespace biossl
