#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "biossl/core/random.h"
#include "biossl/data/world/geometry.h"

namespace biossl::world {

/// The classes of the built-in world.
enum class Solid : std::uint8_t { sphere, cube, cylinder, cone, torus, capsule, tetrahedron, octahedron, prism, tube };
inline constexpr int solids = 10;

std::vector<std::string> solid_names();

/// The dimensions of one solid. It is centred on the origin; its axis, if any, is z.
struct Measures {
  float a = 1;      ///< radius; half edge (cube); inner radius (tetrahedron, octahedron, prism); ring (torus, tube)
  float b = 0;      ///< half height; radius of the torus's tube; half length of the capsule's straight part
  float c = 0;      ///< half thickness of the tube's wall; cosine of the cone's half opening angle
  float d = 0;      ///< sine of the cone's half opening angle
  float bound = 1;  ///< radius of a sphere around the origin that contains it
};

/// Draws the dimensions of an instance. All solids have the same mean silhouette over all orientations, that of the
/// unit sphere, so that neither size nor number of pixels reveals the class.
Measures draw_measures(Solid solid, Random& random);

/// A lower bound of the distance from a point to the surface: positive outside, zero exactly on the surface, gradient
/// at most 1. For polyhedra it is the largest distance to a face's plane.
template <Solid solid>
inline float distance(const Measures& m, float x, float y, float z) {
  constexpr float inverse_root3 = 0.57735027F;
  if constexpr (solid == Solid::sphere) {
    return std::sqrt(x * x + y * y + z * z) - m.a;
  } else if constexpr (solid == Solid::cube) {
    return larger(std::fabs(x), larger(std::fabs(y), std::fabs(z))) - m.a;
  } else if constexpr (solid == Solid::cylinder) {
    return larger(std::sqrt(x * x + y * y) - m.a, std::fabs(z) - m.b);
  } else if constexpr (solid == Solid::cone) {
    return larger(std::sqrt(x * x + y * y) * m.c + (z - m.b) * m.d, -z - m.b);
  } else if constexpr (solid == Solid::torus) {
    const float ring = std::sqrt(x * x + y * y) - m.a;
    return std::sqrt(ring * ring + z * z) - m.b;
  } else if constexpr (solid == Solid::capsule) {
    const float beyond = larger(std::fabs(z) - m.b, 0.0F);
    return std::sqrt(x * x + y * y + beyond * beyond) - m.a;
  } else if constexpr (solid == Solid::tetrahedron) {
    return inverse_root3 * larger(larger(x + y + z, x - y - z), larger(y - x - z, z - x - y)) - m.a;
  } else if constexpr (solid == Solid::octahedron) {
    return inverse_root3 * (std::fabs(x) + std::fabs(y) + std::fabs(z)) - m.a;
  } else if constexpr (solid == Solid::prism) {
    const float side = larger(std::fabs(y), 0.8660254F * std::fabs(x) + 0.5F * std::fabs(y));
    return larger(side - m.a, std::fabs(z) - m.b);
  } else {
    return larger(std::fabs(std::sqrt(x * x + y * y) - m.a) - m.c, std::fabs(z) - m.b);
  }
}

}  // namespace biossl::world
