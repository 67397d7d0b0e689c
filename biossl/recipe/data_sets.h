#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "biossl/core/error.h"
#include "biossl/core/progress.h"
#include "biossl/data/dataset.h"
#include "biossl/recipe/recipe.h"

namespace biossl {

/// Where a run finds its images and on which device it computes.
struct ExecutionContext {
  std::filesystem::path data;  ///< directory of the data sets; "" if none is needed
  Device device = Device::cpu;
  Progress progress = {};                           ///< of opening a data set, which may take long the first time
  std::function<void(std::string_view)> note = {};  ///< gets what is to be known of how a data set was read
};

/// The images of a probe. No image is in two parts, except where two data sets hold the same one.
///   test        data.test, or a share data.test_share of the training images, or the data set's own test images
///   validation  a share probe.validation of the labelled training images
///   train       what is left of the share probe.labels of the training images
enum class ProbePart { train, validation, test };
std::string_view name_of(ProbePart part);

/// The images to learn from, without those that data.test_share keeps for the test. Throws BadInput if parts of the
/// recipe do not fit together.
std::unique_ptr<Dataset> open_pretraining_images(const Recipe& recipe, const ExecutionContext& place);
/// Throws MissingSplit if there are no test images, BadInput if parts of the recipe do not fit together.
std::unique_ptr<Dataset> open_probe_images(const Recipe& recipe, const ExecutionContext& place, ProbePart part);
/// (H, W, C) of the images to learn from, before they are opened.
Shape image_shape(const Recipe& recipe);
/// What a recipe asks of a data set, for `images` images of a split.
DatasetRequest dataset_request(const Recipe& recipe, const ExecutionContext& place, Split split, std::int64_t images);
/// Hands the notes of a data set over to place.note.
void tell_notes(const Dataset& dataset, const ExecutionContext& place);
/// The settings of a data set of this name, none where it has none.
Settings data_settings(const Recipe& recipe, const std::string& name);

/// Calls make() and turns std::invalid_argument into BadInput that names the recipe.
template <class Make>
auto blaming_recipe(const Recipe& recipe, const Make& make) {
  try {
    return make();
  } catch (const std::invalid_argument& wrong) {
    bad_input("recipe '{}': {}", recipe.name, wrong.what());
  }
}

}  // namespace biossl
