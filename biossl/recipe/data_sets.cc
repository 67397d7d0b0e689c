#include "biossl/recipe/data_sets.h"

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

#include "biossl/data/subset.h"
#include "biossl/recipe/absent.h"

namespace biossl {
namespace {

void require_enough(const Recipe& recipe, const std::string& name, std::string_view what, std::int64_t wanted,
                    std::int64_t there) {
  if (wanted <= there) return;
  bad_input("recipe '{}': asks for {} {} images of {}, which has {} (0: all)", recipe.name, wanted, what, name, there);
}

bool has_share_for_test(const DataRecipe& data) { return data.test.empty() && data.test_share > 0; }

/// The first `images` images (0: all) of the share of training images that is kept for the test, or of the others.
/// The share is drawn of all, so that it does not depend on how many are asked for.
std::unique_ptr<Dataset> open_shared(const Recipe& recipe, const ExecutionContext& context, Split split,
                                     std::int64_t images) {
  const std::string& name = recipe.data.probe;
  auto all = open_images(recipe, context, name, Split::train, 0);
  RowShares shares = draw_share(*all, recipe.data.test_share, recipe.seed, "data.test_share");
  std::vector<std::int32_t> rows = std::move(split == Split::test ? shares.taken : shares.rest);
  if (rows.empty()) {
    bad_input("recipe '{}': data.test_share = {} of {} leaves no {} images; each class needs two images or more",
              recipe.name, recipe.data.test_share, name, name_of(split));
  }
  const auto there = static_cast<std::int64_t>(rows.size());
  require_enough(recipe, name, name_of(split), images, there);
  if (images > 0) rows.resize(static_cast<std::size_t>(images));
  return make_subset(std::move(all), std::move(rows));
}

/// The test images of data.test, or where it has none apart, all of its images.
std::unique_ptr<Dataset> open_named_test(const Recipe& recipe, const ExecutionContext& context) {
  const DataRecipe& data = recipe.data;
  try {
    return open_images(recipe, context, data.test, Split::test, data.test_images);
  } catch (const MissingSplit&) {
    if (data.test == data.pretrain || data.test == data.probe) throw;
    return open_images(recipe, context, data.test, Split::train, data.test_images);
  }
}

std::unique_ptr<Dataset> open_test(const Recipe& recipe, const ExecutionContext& context) {
  const DataRecipe& data = recipe.data;
  if (!data.test.empty()) return open_named_test(recipe, context);
  if (has_share_for_test(data)) return open_shared(recipe, context, Split::test, data.test_images);
  try {
    return open_images(recipe, context, data.probe, Split::test, data.test_images);
  } catch (const MissingSplit& missing) {
    throw MissingSplit(
        fmt::format("{}; or keep a fifth of the training images for the test: data.test_share = 0.2", missing.what()));
  }
}

/// The part of the images that a share takes, or the part that it leaves. The share is above 0.
std::unique_ptr<Dataset> part_of(std::unique_ptr<Dataset> images, double share, std::uint64_t seed,
                                 std::string_view purpose, bool taken) {
  RowShares shares = draw_share(*images, share, seed, purpose);
  return make_subset(std::move(images), std::move(taken ? shares.taken : shares.rest));
}

}  // namespace

std::string_view name_of(ProbePart part) {
  return part == ProbePart::train ? "train" : part == ProbePart::test ? "test" : "validation";
}

std::unique_ptr<Dataset> open_pretraining_images(const Recipe& recipe, const ExecutionContext& context) {
  const DataRecipe& data = recipe.data;
  if (has_share_for_test(data) && data.pretrain == data.probe) {
    return open_shared(recipe, context, Split::train, data.images);
  }
  return open_images(recipe, context, data.pretrain, Split::train, data.images);
}

std::unique_ptr<Dataset> open_probe_images(const Recipe& recipe, const ExecutionContext& context, ProbePart part) {
  const DataRecipe& data = recipe.data;
  const ProbeRecipe& probe = recipe.probe;
  if (part == ProbePart::test) return open_test(recipe, context);
  auto images = has_share_for_test(data) ? open_shared(recipe, context, Split::train, data.probe_images)
                                         : open_images(recipe, context, data.probe, Split::train, data.probe_images);
  if (probe.labels < 1) {
    images = part_of(std::move(images), 1 - probe.labels, recipe.seed, "probe.labels", false);
  }
  if (probe.validation == 0) return images;
  return part_of(std::move(images), probe.validation, recipe.seed, "probe.validation", part == ProbePart::validation);
}

std::unique_ptr<Dataset> open_images(const Recipe& recipe, const ExecutionContext& context, const std::string& name,
                                     Split split, std::int64_t images) {
  require_registered(recipe, fmt::format("data.{}.kind", name));
  auto opened = blaming_recipe(recipe, [&] {
    const DataSetRecipe set = data_set(recipe, name);
    const DatasetRequest request{.split = split,
                                 .directory = context.data,
                                 .images = images,
                                 .image_size = recipe.data.image_size,
                                 .seed = recipe.seed,
                                 .resize = set.images.resize,
                                 .crop = set.images.crop,
                                 .memory = static_cast<std::int64_t>(recipe.data.memory_gb * 1e9),
                                 .progress = context.progress};
    return open_dataset(set.kind, request, set.settings);
  });
  if (context.note) {
    for (const std::string& note : opened->notes()) context.note(note);
  }
  require_enough(recipe, name, name_of(split), images, opened->size());
  return opened;
}

Shape image_shape(const Recipe& recipe) {
  const DataSetRecipe set = data_set(recipe, recipe.data.pretrain);
  return image_shape(set.kind, set.settings, recipe.data.image_size, set.images.resize);
}

bool is_sized_by_files(const Recipe& recipe, const std::string& name) {
  const Dataset::Traits& traits = traits_of_data_set(recipe, name);
  return traits.from_files && traits.side == 0 && traits.shape == nullptr && data_set(recipe, name).images.resize == 0;
}

Shape image_shape(const Recipe& recipe, const ExecutionContext& context) {
  const std::string& name = recipe.data.pretrain;
  const Dataset::Traits& traits = traits_of_data_set(recipe, name);
  const bool is_said = traits.shape == nullptr ? traits.channels > 0 && !is_sized_by_files(recipe, name)
                                               : image_shape(recipe).size() > 0;
  if (is_said) return image_shape(recipe);
  Recipe unread = recipe;
  unread.data.memory_gb = 1e-9;  // images stay in their files
  return open_images(unread, context, name, Split::train, 1)->image_shape();
}

DataSetRecipe data_set(const Recipe& recipe, const std::string& name) {
  const auto found = recipe.data_sets.find(name);
  return found == recipe.data_sets.end() ? DataSetRecipe{.kind = name, .images = recipe.data.all} : found->second;
}

std::vector<std::string> names_of_sets(const DataRecipe& data) {
  std::vector<std::string> names{data.pretrain, data.probe};
  if (!data.test.empty()) names.push_back(data.test);
  return names;
}

const Dataset::Traits& traits_of_data_set(const Recipe& recipe, const std::string& name) {
  static const Dataset::Traits of_absent{.from_files = true, .channels = 0};
  if (absent_of(recipe, fmt::format("data.{}.kind", name)) != nullptr) return of_absent;
  return DatasetRegistry::instance().find(data_set(recipe, name).kind).traits;
}

Recipe with_input_of(const std::string& name, Recipe recipe) {
  const ImageRecipe its = data_set(recipe, name).images;
  DataSetRecipe set = data_set(recipe, recipe.data.pretrain);
  set.images.mean = its.mean;
  set.images.std = its.std;
  recipe.data_sets[recipe.data.pretrain] = set;
  return recipe;
}

}  // namespace biossl
