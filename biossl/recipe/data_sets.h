#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

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
std::unique_ptr<Dataset> open_pretraining_images(const Recipe& recipe, const ExecutionContext& context);
/// Throws MissingSplit if there are no test images, BadInput if parts of the recipe do not fit together.
std::unique_ptr<Dataset> open_probe_images(const Recipe& recipe, const ExecutionContext& context, ProbePart part);
/// (H, W, C) of the images to learn from, before they are opened. Extents are 0 where they are not known yet.
Shape image_shape(const Recipe& recipe);
/// Whether only its files know the size of a data set's images.
bool is_sized_by_files(const Recipe& recipe, const std::string& name);
/// (H, W, C) of the images to learn from; where only their files know it, they are looked at. Throws BadInput if they
/// cannot be opened.
Shape image_shape(const Recipe& recipe, const ExecutionContext& context);
/// The first `images` images of a split of any data set, 0: all, as the recipe describes it. Its notes go to
/// place.note. Throws BadInput, also if there are fewer.
std::unique_ptr<Dataset> open_images(const Recipe& recipe, const ExecutionContext& context, const std::string& name,
                                     Split split, std::int64_t images);
/// The data set of this name as the recipe describes it; the kind of that name where it says nothing of it.
DataSetRecipe data_set(const Recipe& recipe, const std::string& name);
/// The names of the data sets whose images the recipe reads.
std::vector<std::string> names_of_sets(const DataRecipe& data);
/// The traits of the kind of a data set. Where the kind is absent in a recipe for reading: those of images from files,
/// of unknown size and channels. Throws std::invalid_argument if there is no such kind.
const Dataset::Traits& traits_of_data_set(const Recipe& recipe, const std::string& name);
/// The recipe for reading features of a data set: its network takes the mean and std of that one.
Recipe with_input_of(const std::string& name, Recipe recipe);

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
