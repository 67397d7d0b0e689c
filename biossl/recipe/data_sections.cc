#include "biossl/recipe/data_sections.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "biossl/recipe/absent.h"
#include "biossl/recipe/data_sets.h"
#include "biossl/recipe/recipe_sections.h"
#include "biossl/recipe/section_reader.h"
#include "biossl/recipe/written_classes.h"

namespace biossl {
namespace {

class DataReader : private SectionReader {
 public:
  DataReader(const TomlDocument& document, const std::string& text, std::string origin)
      : SectionReader(document, std::move(origin)), text_(text) {}

  void read(Recipe& recipe) const {
    recipe.data = options<DataRecipe>("data");
    check(recipe.data);
    check("data", recipe.data.all);
    read_sets(recipe);
    require_known(recipe, "pretrain", recipe.data.pretrain);
    require_known(recipe, "probe", recipe.data.probe);
    if (!recipe.data.test.empty()) require_known(recipe, "test", recipe.data.test);
    recipe.leaves_image_size = !recipe.absent.empty() && !section("data").entries.contains("image_size");
    if (!recipe.absent.empty()) return;
    refuse_resize(recipe);
    settle_image_size(recipe);
  }

 private:
  void check(const DataRecipe& data) const {
    require(data.test_share >= 0 && data.test_share < 1, "data", "test_share",
            "must be a share from 0 (none) up to, but not, 1");
    require(data.images >= 0, "data", "images", "may not be negative (0: all)");
    require(data.probe_images >= 0, "data", "probe_images", "may not be negative (0: all)");
    require(data.test_images >= 0, "data", "test_images", "may not be negative (0: all)");
    require(data.image_size >= 1 && data.image_size <= 4096, "data", "image_size", "must lie between 1 and 4096");
    require(data.memory_gb >= 0 && data.memory_gb <= 1e9, "data", "memory_gb",
            "may not be negative (0: half of what is free)");
  }

  void check(const char* name, const ImageRecipe& images) const {
    require(images.resize >= 0 && images.resize <= 4096, name, "resize",
            "must lie between 1 and 4096 (0: as they are)");
    require(images.crop > 0 && images.crop <= 1, name, "crop", "must be a share above 0 and up to 1");
    require(std::isfinite(images.std) && images.std > 0, name, "std", "must be a positive number");
  }

  /// The data sets that the recipe uses. The sections of others are checked only.
  void read_sets(Recipe& recipe) const {
    const std::string prefix = data_section("");
    for (const auto& [section_name, table] : document_.sections) {
      if (!section_name.starts_with(prefix)) continue;
      const std::string name = section_name.substr(prefix.size());
      DataSetRecipe set = read_set(name, table, recipe);
      if (recipe.data.uses(name)) recipe.data_sets[name] = std::move(set);
    }
    for (const auto& [name, kind] : DatasetRegistry::instance().entries()) {
      if (kind.fields.empty() || !recipe.data.uses(name) || recipe.data_sets.contains(name)) continue;
      recipe.data_sets[name] = read_set(name, nothing_, recipe);
    }
  }

  DataSetRecipe read_set(const std::string& name, TomlSection table, const Recipe& recipe) const {
    const std::string shown = data_section(name);
    const bool overridden = std::ranges::any_of(table.entries, [](const auto& it) { return it.second.overridden; });
    const TomlEntry place{.value = {}, .where = table.where, .overridden = overridden};
    DataSetRecipe set{.kind = take_kind(table, shown.c_str(), name), .images = {}};
    const bool absent = recipe.reading && is_absent(registry_access<DatasetRegistry>, set.kind, place);
    if (!absent) at(place, [&] { DatasetRegistry::instance().find(set.kind); });
    const bool from_files = absent || DatasetRegistry::instance().find(set.kind).traits.from_files;
    set.images = take_images(shown, set.kind, from_files, table, recipe.data.all);
    check(shown.c_str(), set.images);
    if (absent) {
      set.settings = table.settings();
      return set;
    }
    set.settings = component(registry_access<DatasetRegistry>, set.kind, table);
    at(place, [&] { image_shape(set.kind, set.settings, recipe.data.image_size); });
    return set;
  }

  /// What a data set's section says of its images, which is taken out of the table; the rest is as `usual`.
  ImageRecipe take_images(const std::string& name, const std::string& kind, bool from_files, TomlSection& table,
                          const ImageRecipe& usual) const {
    TomlSection given{.entries = {}, .where = table.where};
    for (const Field& field : list_fields(usual)) {
      const auto found = table.entries.find(field.name);
      if (found == table.entries.end()) continue;
      const bool scales = field.name == "resize" || field.name == "crop";
      if (scales && !from_files) {
        fault(found->second,
              fmt::format("[{}] {} makes no sense here: {} makes its own images", name, field.name, kind));
      }
      given.entries.insert(table.entries.extract(found));
    }
    options<ImageRecipe>(name, given);
    Settings settings = to_settings(list_fields(usual));
    for (const auto& [key, entry] : given.entries) settings[key] = entry.value;
    return read_options<ImageRecipe>(name, settings);
  }

  /// key: of [data], which names the data set. In a recipe for reading it may be absent, which is noted.
  void require_known(Recipe& recipe, const char* key, const std::string& name) const {
    const std::string kind = data_set(recipe, name).kind;
    const std::string its = data_section(name) + ".kind";
    if (!recipe.reading || !is_absent(registry_access<DatasetRegistry>, kind, entry("data", key))) {
      at(entry("data", key), [&] { traits_of_data_set(recipe, name); });
    } else if (absent_of(recipe, its) == nullptr) {
      recipe.absent.push_back({.key = its,
                               .what = DatasetRegistry::kind(),
                               .name = kind,
                               .comment = comment_of(text_, written_data_section(name), "kind")});
    }
  }

  /// Images that a data set makes have the size of its own settings or of data.image_size.
  void refuse_resize(const Recipe& recipe) const {
    const DataRecipe& data = recipe.data;
    const bool from_files = std::ranges::any_of(
        names_of_sets(data), [&](const std::string& name) { return traits_of_data_set(recipe, name).from_files; });
    if (data.all.resize == 0 || from_files) return;
    fault(entry("data", "resize"),
          fmt::format("[data] resize makes no sense here: {} makes its own images; image_size is for those",
                      data.pretrain));
  }

  /// Most data sets have images of a size of their own, which a recipe cannot choose.
  void settle_image_size(Recipe& recipe) const {
    DataRecipe& data = recipe.data;
    const auto fixed = [&](const std::string& name) { return traits_of_data_set(recipe, name).has_own_size(); };
    const bool of_pretrain = fixed(data.pretrain);
    const std::string& name = of_pretrain ? data.pretrain : data.probe;
    if (!fixed(name)) return;
    if (is_sized_by_files(recipe, name)) {
      if (!section("data").entries.contains("image_size") || !fixed(data.probe) || !of_pretrain) return;
      fault(entry("data", "image_size"),
            fmt::format("[data] image_size makes no sense here: the images of {} come from files; resize scales them",
                        name));
    }
    const DataSetRecipe set = data_set(recipe, name);
    const Shape shape = image_shape(set.kind, set.settings, DataRecipe{}.image_size, set.images.resize);
    const std::int64_t side = shape[1];
    if (side == 0) return;  // images that are not at hand
    const TomlEntry given = entry("data", "image_size");
    const bool is_given = section("data").entries.contains("image_size");
    if (is_given && !given.overridden) {
      if (!of_pretrain) return;  // rendered images; later checks decide whether their encoder can be probed
      // The file's size belongs to the data set that --set has replaced.
      if (entry("data", "pretrain").overridden) data.image_size = side;
    }
    if (is_given && data.image_size != side) {
      fault(given, fmt::format("[data] image_size = {} makes no sense here: the images of {} are {}x{}",
                               data.image_size, name, shape[0], side));
    }
    data.image_size = side;
  }

  const std::string& text_;
};

}  // namespace

void read_data_sections(const TomlDocument& document, const std::string& text, const std::string& origin,
                        Recipe& recipe) {
  DataReader(document, text, origin).read(recipe);
}

}  // namespace biossl
