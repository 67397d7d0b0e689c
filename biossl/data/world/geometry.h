#pragma once

#include <array>
#include <cmath>

#include "biossl/core/random.h"

namespace biossl::world {

struct Vec3 {
  float x = 0;
  float y = 0;
  float z = 0;
};

inline Vec3 operator+(Vec3 a, Vec3 b) { return {a.x + b.x, a.y + b.y, a.z + b.z}; }
inline Vec3 operator-(Vec3 a, Vec3 b) { return {a.x - b.x, a.y - b.y, a.z - b.z}; }
inline Vec3 operator*(float s, Vec3 a) { return {s * a.x, s * a.y, s * a.z}; }
inline float dot(Vec3 a, Vec3 b) { return a.x * b.x + a.y * b.y + a.z * b.z; }
inline Vec3 normalized(Vec3 a) { return (1.0F / std::sqrt(dot(a, a))) * a; }
inline Vec3 mix(Vec3 a, Vec3 b, float share) { return a + share * (b - a); }

// Selections compile to vector instructions; std::max, which takes references, often does not.
inline float larger(float a, float b) { return a > b ? a : b; }
inline float smaller(float a, float b) { return a < b ? a : b; }
inline float clamp01(float a) { return larger(0.0F, smaller(1.0F, a)); }

/// A rotation as a unit quaternion (w, x, y, z).
struct Rotation {
  float w = 1;
  float x = 0;
  float y = 0;
  float z = 0;
};

/// The rotation b followed by a.
inline Rotation operator*(Rotation a, Rotation b) {
  return {a.w * b.w - a.x * b.x - a.y * b.y - a.z * b.z, a.w * b.x + a.x * b.w + a.y * b.z - a.z * b.y,
          a.w * b.y - a.x * b.z + a.y * b.w + a.z * b.x, a.w * b.z + a.x * b.y - a.y * b.x + a.z * b.w};
}

/// Transforms a vector from world to solid coordinates: the inverse of r.
inline Vec3 to_solid(Rotation r, Vec3 v) {
  const Vec3 u{-r.x, -r.y, -r.z};
  const Vec3 t{2 * (u.y * v.z - u.z * v.y), 2 * (u.z * v.x - u.x * v.z), 2 * (u.x * v.y - u.y * v.x)};
  return v + r.w * t + Vec3{u.y * t.z - u.z * t.y, u.z * t.x - u.x * t.z, u.x * t.y - u.y * t.x};
}

/// Applies a rotation to a vector.
inline Vec3 rotated(Rotation r, Vec3 v) { return to_solid({r.w, -r.x, -r.y, -r.z}, v); }

/// A uniformly random point on the unit sphere.
inline Vec3 random_direction(Random& random) {
  const float z = random.uniform(-1.0F, 1.0F);
  const float angle = random.uniform(0.0F, 6.2831853F);
  const float rho = std::sqrt(larger(0.0F, 1.0F - z * z));
  return {rho * std::cos(angle), rho * std::sin(angle), z};
}

/// The rotation about an axis (unit vector) by an angle in radians.
inline Rotation rotation_about(Vec3 axis, float angle) {
  const float s = std::sin(0.5F * angle);
  return {std::cos(0.5F * angle), s * axis.x, s * axis.y, s * axis.z};
}

/// A uniformly random rotation (Shoemake 1992).
inline Rotation random_rotation(Random& random) {
  const float share = random.uniform();
  const float first = random.uniform(0.0F, 6.2831853F);
  const float second = random.uniform(0.0F, 6.2831853F);
  const float a = std::sqrt(1.0F - share);
  const float b = std::sqrt(share);
  return {a * std::sin(first), a * std::cos(first), b * std::sin(second), b * std::cos(second)};
}

/// A wave of period 1 and amplitude 1, close to sin(2 pi x): two parabolas, faster than a sine.
inline float wave(float x) {
  const float u = x - std::floor(x + 0.5F);
  return 8.0F * u * (1.0F - 2.0F * std::fabs(u));
}

}  // namespace biossl::world
