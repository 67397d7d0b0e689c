#pragma once

namespace biossl::world {

/// Everything that can be tuned about the built-in world. Lengths are in half image sides: the image spans -1 .. 1.
/// None of it depends on the class.
struct WorldStyle {
  // What an instance looks like.
  float size_min = 0.55F;          ///< radius of the sphere that has the solid's mean silhouette
  float size_max = 0.70F;          ///< the same, largest
  float offset = 0.08F;            ///< the base pose is off the centre by up to this, in x and in y
  float texture_contrast = 0.5F;   ///< how far the second tone may be from the first; 0: plain solids
  float texture_frequency = 1.6F;  ///< most periods of a texture in one radius
  float gloss = 0.5F;              ///< largest strength of the highlight
  float ambient = 0.30F;           ///< share of light that comes from everywhere

  // What stands behind it.
  float clutter = 0.5F;           ///< opacity of the patches in front of the background's gradient, 0 .. 1
  float clutter_contrast = 0.6F;  ///< how far the two tones of a patch may be from each other

  // How another moment of it differs. What two moments share is what a contrastive loss learns: where colour and
  // background stay, they tell instances apart and shape is not learnt; hence the strong tint and the new background.
  float rotation = 0.5F;          ///< turned about a random axis by up to this angle, in radians
  float shift = 0.12F;            ///< moved by up to this, in x and in y
  float scale = 0.25F;            ///< magnified by 2^v, v in +-scale
  float light_turn = 0.8F;        ///< the light's direction is moved by up to this before it is normalised
  float brightness = 0.4F;        ///< all light times 2^v, v in +-brightness
  float tint = 1.0F;              ///< and each colour channel times 2^v, v in +-tint
  float parallax = 0.25F;         ///< the background is moved by up to this
  float other_background = 1.0F;  ///< probability that the solid stands before another background altogether
};

}  // namespace biossl::world
