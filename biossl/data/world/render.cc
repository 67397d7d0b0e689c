#include "biossl/data/world/render.h"

#include <algorithm>
#include <cmath>

#include "biossl/core/level.h"
#include "biossl/data/world/shade.h"

namespace biossl::world::BIOSSL_LEVEL {
namespace {

constexpr int lanes = 16;                // rays marched together: one vector register of floats
constexpr int most_steps = 40;           // grazing rays need many steps; most groups stop after about ten
constexpr float camera = 4.5F;           // distance from the image plane
constexpr std::int64_t rays_a_side = 2;  // rays per pixel, in x and in y
constexpr std::int64_t longest_row = largest_image * rays_a_side;

/// A row of colours, padded so that whole groups of lanes fit.
struct Row {
  alignas(64) float red[longest_row + lanes];
  alignas(64) float green[longest_row + lanes];
  alignas(64) float blue[longest_row + lanes];
  alignas(64) float cover[longest_row + lanes];  // 1 where the solid is, else 0
};

/// The constants of a moment that all its rays share, in solid coordinates.
struct Camera {
  Vec3 origin;
  Vec3 right;  // image x, y and the viewing direction
  Vec3 up;
  Vec3 forward;
  Vec3 light;
  Vec3 second_light;
  Vec3 sky;          // upwards
  float beyond = 0;  // |origin|^2 - bound^2
  float hit = 0;     // points nearer than this are on the surface
};

/// A function that is not inlined: as a part of others its sums are contracted otherwise, and pixels differ in their
/// last bit from those of earlier builds.
[[gnu::noinline]] Camera plain_camera_of(const Body& body, const Moment& moment, std::int64_t size) {
  Camera view;
  const float scale = 1.0F / moment.size;
  view.origin = to_solid(moment.rotation, scale * Vec3{-moment.x, -moment.y, camera});
  view.right = to_solid(moment.rotation, {1, 0, 0});
  view.up = to_solid(moment.rotation, {0, 1, 0});
  view.forward = to_solid(moment.rotation, {0, 0, -camera});
  view.light = to_solid(moment.rotation, moment.light);
  view.beyond = dot(view.origin, view.origin) - body.measures.bound * body.measures.bound;
  view.hit = 0.12F * scale / static_cast<float>(size);
  return view;
}

Camera camera_of(const Body& body, const Moment& moment, std::int64_t size) {
  Camera view = plain_camera_of(body, moment, size);
  view.second_light = to_solid(moment.rotation, moment.lighting.second_light);
  view.sky = to_solid(moment.rotation, moment.lighting.up);
  return view;
}

/// Sixteen neighbouring rays: unit directions and distances travelled.
struct Rays {
  alignas(64) float x[lanes];
  alignas(64) float y[lanes];
  alignas(64) float z[lanes];
  alignas(64) float t[lanes];
  alignas(64) float end[lanes];  // exit from the bounding sphere
};

/// Aims the rays at image points from (u, v) to the right. Returns false if none meets the bounding sphere.
bool aim(const Camera& view, float u, float step, float v, Rays& rays) {
  int inside = 0;
#pragma omp simd reduction(+ : inside)
  for (int l = 0; l < lanes; ++l) {
    const float across = u + step * static_cast<float>(l);
    const float x = view.forward.x + across * view.right.x + v * view.up.x;
    const float y = view.forward.y + across * view.right.y + v * view.up.y;
    const float z = view.forward.z + across * view.right.z + v * view.up.z;
    const float inverse = 1.0F / std::sqrt(x * x + y * y + z * z);
    const float along = -inverse * (x * view.origin.x + y * view.origin.y + z * view.origin.z);
    const float square = along * along - view.beyond;
    const float half = std::sqrt(larger(square, 0.0F));
    rays.x[l] = x * inverse;
    rays.y[l] = y * inverse;
    rays.z[l] = z * inverse;
    rays.t[l] = along - half;
    rays.end[l] = along + half;
    inside += square > 0.0F ? 1 : 0;
  }
  return inside > 0;
}

/// Marches the rays until each is on the surface or has left the bounding sphere. Returns false if all have left.
template <Solid solid>
bool march(const Measures& measures, const Camera& view, Rays& rays) {
  for (int step = 0; step < most_steps; ++step) {
    int moving = 0;
#pragma omp simd reduction(+ : moving)
    for (int l = 0; l < lanes; ++l) {
      const float t = rays.t[l];
      const float d = distance<solid>(measures, view.origin.x + t * rays.x[l], view.origin.y + t * rays.y[l],
                                      view.origin.z + t * rays.z[l]);
      moving += d > view.hit && t < rays.end[l] ? 1 : 0;
      rays.t[l] = t + d;
    }
    if (moving == 0) break;
  }
  int left = 0;
#pragma omp simd reduction(+ : left)
  for (int l = 0; l < lanes; ++l) left += rays.t[l] < rays.end[l] ? 1 : 0;
  return left > 0;
}

/// The colours at the ends of the rays. plain: whether the light is (Lighting::is_plain).
template <Solid solid, bool plain>
void shade(const Body& body, const Lighting& lighting, const WorldStyle& style, const Camera& view, const Rays& rays,
           std::int64_t at, Row& row) {
  const Measures& m = body.measures;
  const Texture& texture = body.texture;
#pragma omp simd
  for (int l = 0; l < lanes; ++l) {
    const float x = view.origin.x + rays.t[l] * rays.x[l];
    const float y = view.origin.y + rays.t[l] * rays.y[l];
    const float z = view.origin.z + rays.t[l] * rays.z[l];
    constexpr float e = 0.01F;  // normal = gradient of the distance, by differences along the corners of a tetrahedron
    const float d0 = distance<solid>(m, x + e, y - e, z - e);
    const float d1 = distance<solid>(m, x - e, y - e, z + e);
    const float d2 = distance<solid>(m, x - e, y + e, z - e);
    const float d3 = distance<solid>(m, x + e, y + e, z + e);
    const float nx = d0 - d1 - d2 + d3;
    const float ny = d2 + d3 - d0 - d1;
    const float nz = d1 + d3 - d0 - d2;
    const float inverse = 1.0F / std::sqrt(nx * nx + ny * ny + nz * nz + 1e-12F);
    const float facing = inverse * (nx * view.light.x + ny * view.light.y + nz * view.light.z);
    const float mirrored = 2.0F * facing * inverse;  // reflected light = mirrored * n - light
    const float towards = -(rays.x[l] * (mirrored * nx - view.light.x) + rays.y[l] * (mirrored * ny - view.light.y) +
                            rays.z[l] * (mirrored * nz - view.light.z));
    const float shine = body.gloss * highlight(larger(towards, 0.0F));
    const float share = texture_share(texture, x, y, z);
    const float cover = distance<solid>(m, x, y, z) < 1.5F * view.hit && rays.t[l] < rays.end[l] ? 1.0F : 0.0F;
    if constexpr (plain) {
      const float light = style.ambient + (1.15F - style.ambient) * larger(facing, 0.0F);
      row.red[at + l] = cover * (light * (texture.first.x + share * (texture.second.x - texture.first.x)) + shine);
      row.green[at + l] = cover * (light * (texture.first.y + share * (texture.second.y - texture.first.y)) + shine);
      row.blue[at + l] = cover * (light * (texture.first.z + share * (texture.second.z - texture.first.z)) + shine);
    } else {
      const float red = texture.first.x + share * (texture.second.x - texture.first.x);
      const float green = texture.first.y + share * (texture.second.y - texture.first.y);
      const float blue = texture.first.z + share * (texture.second.z - texture.first.z);
      const float above = 0.5F + 0.5F * inverse * (nx * view.sky.x + ny * view.sky.y + nz * view.sky.z);
      const float other = inverse * (nx * view.second_light.x + ny * view.second_light.y + nz * view.second_light.z);
      const auto lit = [&](float ground, float sky, float lamp, float second) {
        return ground + above * (sky - ground) + lamp * larger(facing, 0.0F) + second * larger(other, 0.0F);
      };
      row.red[at + l] = cover * (lit(lighting.ground.x, lighting.sky.x, lighting.lamp.x, lighting.second.x) * red +
                                 lighting.lamp.x * shine);
      row.green[at + l] = cover * (lit(lighting.ground.y, lighting.sky.y, lighting.lamp.y, lighting.second.y) * green +
                                   lighting.lamp.y * shine);
      row.blue[at + l] = cover * (lit(lighting.ground.z, lighting.sky.z, lighting.lamp.z, lighting.second.z) * blue +
                                  lighting.lamp.z * shine);
    }
    row.cover[at + l] = cover;
  }
}

void clear(std::int64_t at, Row& row) {
  std::fill_n(row.red + at, lanes, 0.0F);
  std::fill_n(row.green + at, lanes, 0.0F);
  std::fill_n(row.blue + at, lanes, 0.0F);
  std::fill_n(row.cover + at, lanes, 0.0F);
}

/// One row of rays at height v.
template <Solid solid>
void trace_row(const Body& body, const Lighting& lighting, const WorldStyle& style, const Camera& view,
               std::int64_t rays_in_row, float v, Row& row) {
  const float step = 2.0F / static_cast<float>(rays_in_row);
  Rays rays;
  for (std::int64_t at = 0; at < rays_in_row; at += lanes) {
    const float u = -1.0F + step * (static_cast<float>(at) + 0.5F);
    if (!aim(view, u, step, v, rays) || !march<solid>(body.measures, view, rays)) {
      clear(at, row);
    } else if (lighting.is_plain) {
      shade<solid, true>(body, lighting, style, view, rays, at, row);
    } else {
      shade<solid, false>(body, lighting, style, view, rays, at, row);
    }
  }
}

using TraceRow = void (*)(const Body&, const Lighting&, const WorldStyle&, const Camera&, std::int64_t, float, Row&);

TraceRow tracer_of(Solid solid) {
  switch (solid) {
    case Solid::sphere:
      return trace_row<Solid::sphere>;
    case Solid::cube:
      return trace_row<Solid::cube>;
    case Solid::cylinder:
      return trace_row<Solid::cylinder>;
    case Solid::cone:
      return trace_row<Solid::cone>;
    case Solid::torus:
      return trace_row<Solid::torus>;
    case Solid::capsule:
      return trace_row<Solid::capsule>;
    case Solid::tetrahedron:
      return trace_row<Solid::tetrahedron>;
    case Solid::octahedron:
      return trace_row<Solid::octahedron>;
    case Solid::prism:
      return trace_row<Solid::prism>;
    default:
      return trace_row<Solid::tube>;
  }
}

/// Lays a nearer row of rays over a farther one.
void lay_over(const Row& nearer, std::int64_t rays_in_row, Row& row) {
#pragma omp simd
  for (std::int64_t i = 0; i < rays_in_row; ++i) {
    const float open = 1.0F - nearer.cover[i];
    row.red[i] = nearer.red[i] + open * row.red[i];
    row.green[i] = nearer.green[i] + open * row.green[i];
    row.blue[i] = nearer.blue[i] + open * row.blue[i];
    row.cover[i] = nearer.cover[i] + open * row.cover[i];
  }
}

/// The moment as its occluder is placed in it.
Moment placed_as_occluder(Moment moment) {
  static_cast<Pose&>(moment) = moment.occluder_pose;
  return moment;
}

/// The rays of a moment: those that meet its solid, behind those that meet the occluder.
class Tracer {
 public:
  Tracer(const Instance& instance, const Moment& moment, const WorldStyle& style, std::int64_t size)
      : instance_(instance),
        lighting_(moment.lighting),
        style_(style),
        rays_in_row_(rays_a_side * size),
        view_(camera_of(instance, moment, size)),
        view_of_occluder_(camera_of(instance.occluder, placed_as_occluder(moment), size)),
        trace_(tracer_of(instance.solid)),
        trace_occluder_(tracer_of(instance.occluder.solid)) {}

  void trace(float v, Row& row) {
    trace_(instance_, lighting_, style_, view_, rays_in_row_, v, row);
    if (!instance_.has_occluder) return;
    trace_occluder_(instance_.occluder, lighting_, style_, view_of_occluder_, rays_in_row_, v, nearer_);
    lay_over(nearer_, rays_in_row_, row);
  }

 private:
  const Instance& instance_;
  const Lighting& lighting_;
  const WorldStyle& style_;
  std::int64_t rays_in_row_;
  Camera view_;
  Camera view_of_occluder_;
  TraceRow trace_;
  TraceRow trace_occluder_;
  Row nearer_;
};

/// The background of one row of pixels at height v. is_rolled: whether moment.roll is other than 0.
template <bool is_rolled>
void paint_background(const Moment& moment, std::int64_t size, float v, Row& row) {
  const Background& background = *moment.background;
  const float step = 2.0F / static_cast<float>(size);
  const float down = v - moment.background_y;
  const float first = -1.0F + 0.5F * step - moment.background_x;
  const float cosine = std::cos(moment.roll);
  const float sine = std::sin(moment.roll);
  // The place on the background behind pixel i.
  const auto x_of = [=](std::int64_t i) {
    const float x = first + step * static_cast<float>(i);
    return is_rolled ? cosine * x + sine * down : x;
  };
  const auto y_of = [=](std::int64_t i) {
    return is_rolled ? cosine * down - sine * (first + step * static_cast<float>(i)) : down;
  };
#pragma omp simd
  for (std::int64_t i = 0; i < size; ++i) {
    const float x = x_of(i);
    const float y = y_of(i);
    row.red[i] = background.middle.x + x * background.along_x.x + y * background.along_y.x;
    row.green[i] = background.middle.y + x * background.along_x.y + y * background.along_y.y;
    row.blue[i] = background.middle.z + x * background.along_x.z + y * background.along_y.z;
  }
  for (const Patch& patch : background.patch) {
    const Texture& texture = patch.texture;
#pragma omp simd
    for (std::int64_t i = 0; i < size; ++i) {
      const float x = x_of(i);
      const float y = y_of(i);
      const float a = std::fabs((x - patch.x) * patch.axis_x + (y - patch.y) * patch.axis_y) * patch.inverse_width;
      const float b = std::fabs((y - patch.y) * patch.axis_x - (x - patch.x) * patch.axis_y) * patch.inverse_height;
      const float reach = patch.square * larger(a, b) + (1.0F - patch.square) * std::sqrt(a * a + b * b);
      const float opacity = patch.opacity * clamp01(5.0F * (1.0F - reach));
      const float share = texture_share(texture, x, y, 0.0F);
      row.red[i] += opacity * (texture.first.x + share * (texture.second.x - texture.first.x) - row.red[i]);
      row.green[i] += opacity * (texture.first.y + share * (texture.second.y - texture.first.y) - row.green[i]);
      row.blue[i] += opacity * (texture.first.z + share * (texture.second.z - texture.first.z) - row.blue[i]);
    }
  }
}

/// Colours of a row of pixels: the mean of their rays over the background, in the moment's light.
void put(const Row& upper, const Row& lower, const Row& behind, Vec3 tint, std::int64_t size, std::uint8_t* to) {
  const auto mean = [](const float* a, const float* b, std::int64_t i) {
    return 0.25F * (a[2 * i] + a[2 * i + 1] + b[2 * i] + b[2 * i + 1]);
  };
  constexpr float half = 0.5F;
  const auto byte = [](float value) { return static_cast<std::uint8_t>(255.0F * clamp01(value) + half); };
  for (std::int64_t i = 0; i < size; ++i) {
    const float open = 1.0F - mean(upper.cover, lower.cover, i);
    to[3 * i] = byte(tint.x * (mean(upper.red, lower.red, i) + open * behind.red[i]));
    to[3 * i + 1] = byte(tint.y * (mean(upper.green, lower.green, i) + open * behind.green[i]));
    to[3 * i + 2] = byte(tint.z * (mean(upper.blue, lower.blue, i) + open * behind.blue[i]));
  }
}

}  // namespace

void render(const Instance& instance, const Moment& moment, const WorldStyle& style, std::int64_t size,
            std::uint8_t* to) {
  const float step = 2.0F / static_cast<float>(size);
  Tracer tracer(instance, moment, style, size);
  Row upper;
  Row lower;
  Row behind;
  for (std::int64_t y = 0; y < size; ++y) {
    const float v = 1.0F - step * (static_cast<float>(y) + 0.5F);
    tracer.trace(v + 0.25F * step, upper);
    tracer.trace(v - 0.25F * step, lower);
    moment.roll == 0 ? paint_background<false>(moment, size, v, behind)
                     : paint_background<true>(moment, size, v, behind);
    put(upper, lower, behind, moment.tint, size, to + y * size * 3);
  }
}

}  // namespace biossl::world::BIOSSL_LEVEL
