#include "biossl/data/world/style.h"

#include <algorithm>
#include <numbers>

#include "biossl/core/error.h"
#include "biossl/core/text.h"

namespace biossl::world {
namespace {

constexpr std::int64_t most_moments = 10'000;

void check_range(const char* name, double value, double least, double most) {
  check(value >= least && value <= most, "data.world", "{} = {:.4g}; must be {:.4g} to {:.4g}", name, value, least,
        most);
}

}  // namespace

void check_style(const WorldStyle& style) {
  check_range("size_max", style.size_max, 0.05, 2);
  check_range("size_min", style.size_min, 0.05, style.size_max);
  check_range("offset", style.offset, 0, 1);
  check_range("texture_contrast", style.texture_contrast, 0, 1);
  check_range("texture_frequency", style.texture_frequency, 0, 20);
  check_range("gloss", style.gloss, 0, 4);
  check_range("ambient", style.ambient, 0, 1);
  check_range("occluder", style.occluder, 0, 1);
  check_range("clutter", style.clutter, 0, 1);
  check_range("clutter_contrast", style.clutter_contrast, 0, 1);
  check_range("rotation", style.rotation, 0, std::numbers::pi);
  check_range("shift", style.shift, 0, 1);
  check_range("scale", style.scale, 0, 2);
  check(style.lights >= 1 && style.lights <= 4, "data.world", "lights = {}; must be 1 to 4", style.lights);
  check_range("light_turn", style.light_turn, 0, 10);
  check_range("brightness", style.brightness, 0, 4);
  check_range("tint", style.tint, 0, 4);
  check_range("camera_turn", style.camera_turn, 0, 1);
  check_range("camera_roll", style.camera_roll, 0, std::numbers::pi);
  check_range("parallax", style.parallax, 0, 2);
  check_range("other_background", style.other_background, 0, 1);
  check(style.moments >= 2 && style.moments <= most_moments, "data.world", "moments = {}; must be 2 to {}",
        style.moments, most_moments);
  solids_of(style);
}

std::vector<Solid> solids_of(const WorldStyle& style) {
  const std::vector<std::string> names = solid_names();
  std::vector<Solid> chosen;
  std::string_view left = style.classes;
  while (!trimmed(left).empty()) {
    const std::string name(trimmed(left.substr(0, left.find(','))));
    left.remove_prefix(std::min(left.find(','), left.size() - 1) + 1);
    const auto found = std::ranges::find(names, name);
    check(found != names.end(), "data.world", "classes: there is no solid '{}'{}", name, suggestion(name, names));
    const auto solid = static_cast<Solid>(found - names.begin());
    check(std::ranges::count(chosen, solid) == 0, "data.world", "classes: '{}' is named twice", name);
    chosen.push_back(solid);
  }
  if (!chosen.empty()) return chosen;
  for (int solid = 0; solid < solids; ++solid) chosen.push_back(static_cast<Solid>(solid));
  return chosen;
}

}  // namespace biossl::world
