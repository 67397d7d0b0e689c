#include "biossl/data/world/scene.h"

#include <cmath>

namespace biossl::world {
namespace {

/// Hue, saturation and value uniform over wide ranges, the same for solids and background.
Vec3 draw_colour(Random& random) {
  const float hue = random.uniform(0.0F, 6.0F);
  const float saturation = random.uniform(0.0F, 0.85F);
  const float value = random.uniform(0.25F, 1.0F);
  const auto channel = [&](float offset) {
    const float place = std::fmod(offset + hue, 6.0F);
    return value * (1.0F - saturation * clamp01(smaller(place, 4.0F - place)));
  };
  return {channel(5.0F), channel(3.0F), channel(1.0F)};
}

Texture draw_texture(float contrast, float frequency, Random& random) {
  Texture texture;
  texture.first = draw_colour(random);
  texture.second = mix(texture.first, draw_colour(random), contrast * random.uniform(0.4F, 1.0F));
  for (std::size_t k = 0; k < 3; ++k) {
    texture.frequency[k] = frequency * random.uniform(0.35F, 1.0F) * random_direction(random);
    texture.phase[k] = random.uniform();
  }
  texture.sharpness = random.uniform(0.6F, 4.0F);
  switch (random.below(4)) {
    case 0:
      texture.stripes = 1.0F;
      break;
    case 1:
      texture.noise = 0.6F;
      break;
    case 2:
      texture.checks = 1.0F;
      break;
    default:
      texture.second = texture.first;  // plain
  }
  return texture;
}

Patch draw_patch(const WorldStyle& style, Random& random) {
  Patch patch;
  patch.x = random.uniform(-1.2F, 1.2F);
  patch.y = random.uniform(-1.2F, 1.2F);
  const float angle = random.uniform(0.0F, 6.2831853F);
  patch.axis_x = std::cos(angle);
  patch.axis_y = std::sin(angle);
  patch.inverse_width = 1.0F / random.uniform(0.2F, 0.7F);
  patch.inverse_height = 1.0F / random.uniform(0.2F, 0.7F);
  patch.square = random.coin() ? 1.0F : 0.0F;
  patch.opacity = style.clutter * random.uniform();
  patch.texture = draw_texture(style.clutter_contrast, 2.0F * style.texture_frequency, random);
  return patch;
}

Background draw_background(const WorldStyle& style, Random& random) {
  Background background;
  const Vec3 from = draw_colour(random);
  const Vec3 step = 0.5F * (draw_colour(random) - from);
  const float angle = random.uniform(0.0F, 6.2831853F);
  background.middle = from + step;
  background.along_x = std::cos(angle) * step;
  background.along_y = std::sin(angle) * step;
  for (Patch& patch : background.patch) patch = draw_patch(style, random);
  return background;
}

/// The direction of a light above and in front of the solid.
Vec3 draw_light(Random& random) {
  return normalized({random.uniform(-0.9F, 0.9F), random.uniform(-0.4F, 1.0F), random.uniform(0.35F, 0.9F)});
}

}  // namespace

Instance draw_instance(Solid solid, const WorldStyle& style, Random random) {
  Instance instance;
  instance.solid = solid;
  instance.measures = draw_measures(solid, random);
  instance.texture = draw_texture(style.texture_contrast, style.texture_frequency, random);
  instance.gloss = style.gloss * random.uniform();
  instance.rotation = random_rotation(random);
  instance.x = random.uniform(-style.offset, style.offset);
  instance.y = random.uniform(-style.offset, style.offset);
  instance.size = random.uniform(style.size_min, style.size_max);
  instance.light = draw_light(random);
  instance.background = draw_background(style, random);
  return instance;
}

Moment base_moment(const Instance& instance) {
  Moment moment;
  moment.rotation = instance.rotation;
  moment.x = instance.x;
  moment.y = instance.y;
  moment.size = instance.size;
  moment.light = instance.light;
  moment.background = &instance.background;
  return moment;
}

Moment draw_moment(const Instance& instance, const WorldStyle& style, Random random, Background& other) {
  const auto within = [&random](float range) { return random.uniform(-range, range); };
  Moment moment = base_moment(instance);
  const Vec3 axis = random_direction(random);
  moment.rotation = rotation_about(axis, within(style.rotation)) * instance.rotation;
  moment.x += within(style.shift);
  moment.y += within(style.shift);
  moment.size *= std::exp2(within(style.scale));
  const Vec3 light = instance.light + style.light_turn * random.uniform() * random_direction(random);
  moment.light = normalized({light.x, light.y, larger(light.z, 0.25F)});
  const float brightness = within(style.brightness);
  moment.tint.x = std::exp2(brightness + within(style.tint));
  moment.tint.y = std::exp2(brightness + within(style.tint));
  moment.tint.z = std::exp2(brightness + within(style.tint));
  moment.background_x = within(style.parallax);
  moment.background_y = within(style.parallax);
  if (random.uniform() < style.other_background) {
    other = draw_background(style, random);
    moment.background = &other;
  }
  return moment;
}

}  // namespace biossl::world
