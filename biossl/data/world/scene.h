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

/// What a solid looks like.
struct Body {
  Solid solid = Solid::sphere;
  Measures measures;
  Texture texture;
  float gloss = 0;
};

/// Where a solid is.
struct Pose {
  Rotation rotation;
  float x = 0;  ///< centre
  float y = 0;
  float size = 1;
};

/// The light on a surface with unit normal n, a colour:
///   ground + (sky - ground) (1 + <n, up>) / 2 + lamp max(<n, light>, 0) + second max(<n, second_light>, 0)
/// The highlight has the lamp's colour.
struct Lighting {
  bool is_plain = true;  ///< one white lamp and white ambient light, as the style says; the rest is not used
  Vec3 ground = {};
  Vec3 sky = {};
  Vec3 lamp = {};
  Vec3 second = {};
  Vec3 second_light = {};  ///< unit vector to the second lamp
  Vec3 up{0, 1, 0};
};

/// What all moments of an instance share, and its base pose.
struct Instance : Body, Pose {
  Vec3 light;  ///< unit vector to the light; z points to the camera
  Lighting lighting;
  Background background;
  bool has_occluder = false;
  Body occluder;  ///< stands before the solid
  Pose occluder_pose;
};

/// One moment of an instance.
struct Moment : Pose {
  Vec3 light;
  Lighting lighting;
  Vec3 tint{1, 1, 1};      ///< factor of each colour channel
  float background_x = 0;  ///< shift of the background
  float background_y = 0;
  float roll = 0;  ///< turn of the background about the middle, in radians, anticlockwise
  const Background* background = nullptr;
  Pose occluder_pose;
};

Instance draw_instance(Solid solid, const WorldStyle& style, Random random);

/// The base pose: moment 0.
Moment base_moment(const Instance& instance);
/// A random moment. If it has a new background, that is written to `other`.
Moment draw_moment(const Instance& instance, const WorldStyle& style, Random random, Background& other);
/// Moment t of a sequence, 0 <= t < style.moments, that follows from the random numbers. What draw_moment draws within
/// a range, r, is here r a sin(2 pi (f t / style.moments + p)) with a uniform in 1/2 .. 1, f in 1/2 .. 3/2 and p in
/// 0 .. 1, drawn once a sequence. The background and the kind of light are a sequence's.
Moment sequence_moment(const Instance& instance, const WorldStyle& style, Random random, std::int64_t t,
                       Background& other);

}  // namespace biossl::world
