#pragma once

#include <array>

#include "biossl/core/random.h"
#include "biossl/data/world/geometry.h"
#include "biossl/data/world/solids.h"
#include "biossl/data/world/style.h"

namespace biossl::world {

/// Two colours that alternate in space. With the waves s_k = wave(<frequency_k, p> + phase_k), k = 0, 1, 2, the share
/// of the second colour is, clamped to 0 .. 1,
///   1/2 + sharpness * (stripes s_0 + noise (s_0 + s_1 + s_2) + checks s_0 s_1 s_2)
struct Texture {
  Vec3 first;  ///< RGB, 0 .. 1
  Vec3 second;
  std::array<Vec3, 3> frequency;  ///< periods per unit of length
  std::array<float, 3> phase{};   ///< in periods
  float stripes = 0;
  float noise = 0;
  float checks = 0;
  float sharpness = 1;
};

/// A soft-edged ellipse or rectangle on the background's gradient.
struct Patch {
  float x = 0;  ///< centre
  float y = 0;
  float axis_x = 1;  ///< unit vector of its first axis
  float axis_y = 0;
  float inverse_width = 1;  ///< 1 / half of its extents
  float inverse_height = 1;
  float square = 0;   ///< 1: rectangle, 0: ellipse
  float opacity = 1;  ///< 0 .. 1
  Texture texture;
};

inline constexpr int patches = 6;

struct Background {
  Vec3 middle;   ///< colour at the image's centre
  Vec3 along_x;  ///< change of colour per unit of length
  Vec3 along_y;
  std::array<Patch, patches> patch;
};

/// What all moments of an instance share, and its base pose.
struct Instance {
  Solid solid = Solid::sphere;
  Measures measures;
  Texture texture;
  float gloss = 0;
  Rotation rotation;
  float x = 0;  ///< centre
  float y = 0;
  float size = 1;
  Vec3 light;  ///< unit vector to the light; z points to the camera
  Background background;
};

/// One moment of an instance.
struct Moment {
  Rotation rotation;
  float x = 0;
  float y = 0;
  float size = 1;
  Vec3 light;
  Vec3 tint{1, 1, 1};      ///< factor of each colour channel
  float background_x = 0;  ///< shift of the background
  float background_y = 0;
  const Background* background = nullptr;
};

Instance draw_instance(Solid solid, const WorldStyle& style, Random random);

/// The base pose: moment 0.
Moment base_moment(const Instance& instance);
/// A random moment. If it has a new background, that is written to `other`.
Moment draw_moment(const Instance& instance, const WorldStyle& style, Random random, Background& other);

}  // namespace biossl::world
