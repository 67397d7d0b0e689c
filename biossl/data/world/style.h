#pragma once

namespace biossl::world {

/// Parameters of the built-in world. Lengths are in half image sides: the image spans -1 .. 1. None depends on the
/// class.
struct WorldStyle {
  // Appearance of an instance.
  float size_min = 0.55F;          ///< smallest radius of the sphere with the solid's mean silhouette
  float size_max = 0.70F;          ///< largest such radius
  float offset = 0.08F;            ///< maximum offset of the base pose from the centre, in x and in y
  float texture_contrast = 0.5F;   ///< maximum difference of the two tones; 0: plain solids
  float texture_frequency = 1.6F;  ///< maximum periods of a texture per radius
  float gloss = 0.5F;              ///< maximum strength of the highlight
  float ambient = 0.30F;           ///< share of ambient light

  // Background.
  float clutter = 0.5F;           ///< opacity of the patches on the background's gradient, 0 .. 1
  float clutter_contrast = 0.6F;  ///< maximum difference of the two tones of a patch

  // Differences between moments. A contrastive loss learns what two moments share. If colour and background stayed the
  // same, they would identify the instance and shape would not be learnt; hence the strong tint and the new background.
  float rotation = 0.5F;          ///< maximum rotation about a random axis, in radians
  float shift = 0.12F;            ///< maximum shift in x and in y
  float scale = 0.25F;            ///< magnification by 2^v, v in +-scale
  float light_turn = 0.8F;        ///< maximum change of the light's direction, before normalisation
  float brightness = 0.4F;        ///< light times 2^v, v in +-brightness
  float tint = 1.0F;              ///< each colour channel times 2^v, v in +-tint
  float parallax = 0.25F;         ///< maximum shift of the background
  float other_background = 1.0F;  ///< probability of another background
};

}  // namespace biossl::world
