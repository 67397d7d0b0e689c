#include "biossl/data/world/solids.h"

namespace biossl::world {
namespace {

constexpr float pi = 3.14159265F;

Measures scaled(Measures m, float by) { return {m.a * by, m.b * by, m.c, m.d, m.bound * by}; }

/// Scales a solid to the mean silhouette of the unit sphere, pi. By Cauchy's formula the mean silhouette of a convex
/// body is a quarter of its surface.
Measures with_surface(Measures m, float surface) { return scaled(m, std::sqrt(4.0F * pi / surface)); }

Measures cone(float height) {
  const float slant = std::sqrt(1.0F + height * height);
  const Measures m{1.0F, 0.5F * height, height / slant, 1.0F / slant, std::sqrt(1.0F + 0.25F * height * height)};
  return with_surface(m, pi * (1.0F + slant));
}

/// The background shows through the hole: the mean silhouette is 0.97 of a quarter of the surface (measured).
Measures torus(float thickness) {
  const Measures m{1.0F, thickness, 0.0F, 0.0F, 1.0F + thickness};
  return with_surface(m, 0.97F * 4.0F * pi * pi * thickness);
}

/// The silhouette is a cylinder's except for the hole, which shows rarely: 0.97 of it (measured).
Measures tube(float half_height) {
  constexpr float wall = 0.13F;
  constexpr float outer = 1.0F + wall;
  Measures m{1.0F, half_height, 0.0F, 0.0F, std::sqrt(outer * outer + half_height * half_height)};
  m = with_surface(m, 0.97F * 2.0F * pi * outer * (outer + 2.0F * half_height));
  m.c = wall * m.a;
  return m;
}

Measures prism(float half_height) {
  const float edge = 2.0F * 0.57735027F;  // of a hexagon with inner radius 1
  const Measures m{1.0F, half_height, 0.0F, 0.0F, std::sqrt(edge * edge + half_height * half_height)};
  return with_surface(m, 2.0F * 3.0F * edge + 6.0F * edge * 2.0F * half_height);
}

}  // namespace

std::vector<std::string> solid_names() {
  return {"sphere",      "cube",       "cylinder",        "cone", "torus", "capsule",
          "tetrahedron", "octahedron", "hexagonal prism", "tube"};
}

Measures draw_measures(Solid solid, Random& random) {
  const float stretch = random.uniform(-1.0F, 1.0F);
  switch (solid) {
    case Solid::sphere:
      return {1.0F, 0.0F, 0.0F, 0.0F, 1.0F};
    case Solid::cube:
      return with_surface({1.0F, 0.0F, 0.0F, 0.0F, std::sqrt(3.0F)}, 24.0F);
    case Solid::cylinder: {
      const float half = 1.15F + 0.3F * stretch;
      return with_surface({1.0F, half, 0.0F, 0.0F, std::sqrt(1.0F + half * half)}, 2.0F * pi * (1.0F + 2.0F * half));
    }
    case Solid::cone:
      return cone(2.3F + 0.4F * stretch);
    case Solid::torus:
      return torus(0.38F + 0.06F * stretch);
    case Solid::capsule: {
      const float half = 1.25F + 0.35F * stretch;
      return with_surface({1.0F, half, 0.0F, 0.0F, 1.0F + half}, 4.0F * pi * (1.0F + half));
    }
    case Solid::tetrahedron:
      return with_surface({1.0F, 0.0F, 0.0F, 0.0F, 3.0F}, 24.0F * std::sqrt(3.0F));
    case Solid::octahedron:
      return with_surface({1.0F, 0.0F, 0.0F, 0.0F, std::sqrt(3.0F)}, 12.0F * std::sqrt(3.0F));
    case Solid::prism:
      return prism(0.55F + 0.15F * stretch);
    case Solid::tube:
      return tube(0.75F + 0.15F * stretch);
  }
  return {};
}

}  // namespace biossl::world
