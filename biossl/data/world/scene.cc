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

/// Which of the first `lights` kinds of light shines, and how, before any camera turns.
Lighting draw_lighting(const WorldStyle& style, Vec3& light, Random& random) {
  const float lamp = 1.15F - style.ambient;
  Lighting lighting;
  switch (random.below(static_cast<std::uint32_t>(style.lights))) {
    case 0:
      break;  // a lamp
    case 1:   // an overcast sky
      lighting = {.is_plain = false, .ground = {0.35F, 0.35F, 0.35F}, .sky = {1, 1, 1}, .lamp = {0.1F, 0.1F, 0.1F}};
      break;
    case 2: {  // a low sun in a blue sky
      const float a = style.ambient;
      light = normalized({light.x, 0.25F * light.y, 0.6F * light.z});
      lighting = {.is_plain = false,
                  .ground = {0.6F * a, 0.6F * a, 0.7F * a},
                  .sky = {0.9F * a, 1.1F * a, 1.5F * a},
                  .lamp = {1.25F * lamp, 0.95F * lamp, 0.55F * lamp}};
      break;
    }
    default: {  // two coloured lamps
      const float a = 0.6F * style.ambient;
      lighting = {.is_plain = false,
                  .ground = {a, a, a},
                  .sky = {a, a, a},
                  .lamp = {1.1F * lamp, 0.75F * lamp, 0.55F * lamp},
                  .second = {0.4F * lamp, 0.6F * lamp, 0.95F * lamp},
                  .second_light = {-light.x, light.y, light.z}};
    }
  }
  return lighting;
}

/// A second solid beside the line of sight to the first, so that it covers a part of it.
void draw_occluder(const WorldStyle& style, Random& random, Instance& instance) {
  instance.has_occluder = random.uniform() < style.occluder;
  Body& body = instance.occluder;
  body.solid = static_cast<Solid>(random.below(solids));
  body.measures = draw_measures(body.solid, random);
  body.texture = draw_texture(style.texture_contrast, style.texture_frequency, random);
  body.gloss = style.gloss * random.uniform();
  Pose& pose = instance.occluder_pose;
  pose.rotation = random_rotation(random);
  pose.size = instance.size * random.uniform(0.45F, 0.65F);
  const float angle = random.uniform(0.0F, 6.2831853F);
  const float away = instance.size * random.uniform(0.75F, 1.1F);
  pose.x = instance.x + away * std::cos(angle);
  pose.y = instance.y + away * std::sin(angle);
}

/// Turns all that a camera sees. Places lie at these depths, z, of the scene.
void turn_camera(Rotation turn, Moment& moment) {
  constexpr float depth_of_occluder = 0.8F;
  constexpr float depth_of_background = -1.5F;
  const auto turned = [&](Pose& pose, float depth) {
    const Vec3 place = rotated(turn, {pose.x, pose.y, depth});
    pose.rotation = turn * pose.rotation;
    pose.x = place.x;
    pose.y = place.y;
  };
  turned(moment, 0.0F);
  turned(moment.occluder_pose, depth_of_occluder);
  const Vec3 behind = rotated(turn, {moment.background_x, moment.background_y, depth_of_background});
  moment.background_x = behind.x;
  moment.background_y = behind.y;
  moment.light = rotated(turn, moment.light);
  moment.lighting.second_light = rotated(turn, moment.lighting.second_light);
  moment.lighting.up = rotated(turn, moment.lighting.up);
}

/// Draws every quantity of a moment anew.
struct AtRandom {
  Random& random;
  float within(float range) { return random.uniform(-range, range); }
  float share() { return random.uniform(); }
};

/// Draws a curve for every quantity and follows it to a time, in 0 .. 1 of the sequence.
struct AlongCurves {
  Random& random;
  float time;
  float within(float range) {
    const float height = random.uniform(0.5F, 1.0F);
    const float frequency = random.uniform(0.5F, 1.5F);
    const float phase = random.uniform();
    return range * height * std::sin(6.2831853F * (frequency * time + phase));
  }
  float share() { return 0.5F + within(0.5F); }
};

template <class Draw>
Moment make_moment(const Instance& instance, const WorldStyle& style, Random& random, Draw draw, Background& other) {
  Moment moment = base_moment(instance);
  const Vec3 axis = random_direction(random);
  moment.rotation = rotation_about(axis, draw.within(style.rotation)) * instance.rotation;
  moment.x += draw.within(style.shift);
  moment.y += draw.within(style.shift);
  moment.size *= std::exp2(draw.within(style.scale));
  const Vec3 light_turn = random_direction(random);
  const Vec3 light = instance.light + style.light_turn * draw.share() * light_turn;
  moment.light = normalized({light.x, light.y, larger(light.z, 0.25F)});
  const float brightness = draw.within(style.brightness);
  moment.tint.x = std::exp2(brightness + draw.within(style.tint));
  moment.tint.y = std::exp2(brightness + draw.within(style.tint));
  moment.tint.z = std::exp2(brightness + draw.within(style.tint));
  moment.background_x = draw.within(style.parallax);
  moment.background_y = draw.within(style.parallax);
  if (random.uniform() < style.other_background) {
    other = draw_background(style, random);
    moment.background = &other;
  }
  // What is not there by default draws last, so that the default's moments do not depend on it.
  if (style.lights > 1) moment.lighting = draw_lighting(style, moment.light, random);
  if (instance.has_occluder) {
    const Vec3 turn_of_occluder = random_direction(random);
    Pose& pose = moment.occluder_pose;
    pose.rotation = rotation_about(turn_of_occluder, draw.within(style.rotation)) * pose.rotation;
    pose.x += draw.within(2.0F * style.shift);
    pose.y += draw.within(2.0F * style.shift);
  }
  if (style.camera_turn > 0) {
    const float up = draw.within(style.camera_turn);
    turn_camera(rotation_about({0, 1, 0}, draw.within(style.camera_turn)) * rotation_about({1, 0, 0}, up), moment);
  }
  if (style.camera_roll > 0) {
    moment.roll = draw.within(style.camera_roll);
    turn_camera(rotation_about({0, 0, 1}, moment.roll), moment);
  }
  return moment;
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
  if (style.lights > 1) instance.lighting = draw_lighting(style, instance.light, random);
  if (style.occluder > 0) draw_occluder(style, random, instance);
  return instance;
}

Moment base_moment(const Instance& instance) {
  Moment moment;
  static_cast<Pose&>(moment) = instance;
  moment.light = instance.light;
  moment.lighting = instance.lighting;
  moment.background = &instance.background;
  moment.occluder_pose = instance.occluder_pose;
  return moment;
}

Moment draw_moment(const Instance& instance, const WorldStyle& style, Random random, Background& other) {
  return make_moment(instance, style, random, AtRandom{random}, other);
}

Moment sequence_moment(const Instance& instance, const WorldStyle& style, Random random, std::int64_t t,
                       Background& other) {
  const float time = static_cast<float>(t) / static_cast<float>(style.moments);
  return make_moment(instance, style, random, AlongCurves{random, time}, other);
}

}  // namespace biossl::world
