#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "biossl/data/world/solids.h"

namespace biossl::world {

/// Parameters of the built-in world, the keys of [data.world]. Lengths are in half image sides: the image spans -1
/// .. 1. None depends on the class.
struct WorldStyle {
  std::string classes;

  // Appearance of an instance.
  float size_min = 0.55F;
  float size_max = 0.70F;
  float offset = 0.08F;
  float texture_contrast = 0.5F;
  float texture_frequency = 1.6F;
  float gloss = 0.5F;
  float ambient = 0.30F;
  float occluder = 0;

  // Background.
  float clutter = 0.5F;
  float clutter_contrast = 0.6F;

  // Differences between moments. A contrastive loss learns what two moments share. If colour and background stayed the
  // same, they would identify the instance and shape would not be learnt; hence the strong tint and the new background.
  float rotation = 0.5F;
  float shift = 0.12F;
  float scale = 0.25F;
  std::int64_t lights = 1;
  float light_turn = 0.8F;
  float brightness = 0.4F;
  float tint = 1.0F;
  float camera_turn = 0;
  float camera_roll = 0;
  float parallax = 0.25F;
  float other_background = 1.0F;
  std::int64_t moments = 16;

  template <class Visitor>
  void visit(Visitor& field) {
    field("classes", classes, "solids, with commas between them: \"cube, cone\"; \"\": all ten");
    field("size_min", size_min, "smallest radius of a sphere, in half image sides; other solids look as large");
    field("size_max", size_max, "largest such radius");
    field("offset", offset, "largest offset of a solid from the middle, in x and in y");
    field("texture_contrast", texture_contrast, "largest difference of a texture's two tones; 0: plain solids");
    field("texture_frequency", texture_frequency, "most periods of a texture per radius");
    field("gloss", gloss, "largest strength of the highlight");
    field("ambient", ambient, "share of light from everywhere");
    field("occluder", occluder, "probability of a second solid, of any class, that stands before the first");
    field("clutter", clutter, "largest opacity of the background's patches");
    field("clutter_contrast", clutter_contrast, "largest difference of a patch's two tones");
    field("rotation", rotation, "largest turn of the solid between its base pose and a moment, in radians");
    field("shift", shift, "largest shift, in x and in y");
    field("scale", scale, "magnification by 2^v, v within this either way");
    field("lights", lights, "kinds of light: the first of a lamp, an overcast sky, a low sun, two coloured lamps");
    field("light_turn", light_turn, "largest change of the light's direction, before it is normalised");
    field("brightness", brightness, "light times 2^v, v within this either way");
    field("tint", tint, "each colour channel times 2^v, v within this either way");
    field("camera_turn", camera_turn, "largest turn of the camera about the scene, in radians");
    field("camera_roll", camera_roll, "largest turn of the camera about its line of sight, in radians");
    field("parallax", parallax, "largest shift of the background, in x and in y");
    field("other_background", other_background, "probability of another background than the base pose's");
    field("moments", moments, "moments of a sequence, for views.gap");
  }
};

/// Throws std::invalid_argument for values that cannot be rendered.
void check_style(const WorldStyle& style);
/// The solids that a style's classes name, in this order. Throws std::invalid_argument for an unknown one and one named
/// twice.
std::vector<Solid> solids_of(const WorldStyle& style);

}  // namespace biossl::world
