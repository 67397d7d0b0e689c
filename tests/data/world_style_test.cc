// The built-in world as a recipe may want it: other classes and ranges, occluders, lights, cameras, sequences.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <set>

#include "biossl/data/capability.h"
#include "biossl/data/moments.h"
#include "biossl/data/views.h"
#include "biossl/data/world/render.h"
#include "tests/support/data_files.h"
#include "tests/support/message_of.h"
#include "tests/support/tensors.h"

namespace biossl::world {
namespace {

using testing::all_bytes;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::indices_of;
using testing::message_of;
using Image = std::vector<std::uint8_t>;

constexpr std::int64_t side = 32;

std::unique_ptr<Dataset> open(const Settings& settings, std::int64_t images = 40) {
  return open_dataset("world", {.directory = "", .images = images, .image_size = side}, settings);
}

Image image_of(const Dataset& dataset, std::int32_t row) {
  Image image(static_cast<std::size_t>(dataset.image_shape().size()));
  dataset.fetch(std::span(&row, 1), image.data());
  return image;
}

Image in_sequence(const Dataset& dataset, std::int64_t image, std::int64_t moment) {
  Image seen(static_cast<std::size_t>(dataset.image_shape().size()));
  const Capability<SequenceSource> sequences(dataset);
  sequences->render_in_sequence(
      sequences.row(image), Random(7, Purpose::world, 0, static_cast<std::uint32_t>(image), 3), moment, seen.data());
  return seen;
}

/// Mean difference of two images' bytes.
double difference(const Image& a, const Image& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += std::abs(int{a[i]} - int{b[i]});
  return sum / static_cast<double>(a.size());
}

/// Share of the pixels that are not equal.
double share_changed(const Image& a, const Image& b) {
  std::int64_t changed = 0;
  for (std::size_t i = 0; i < a.size(); i += 3) changed += std::equal(&a[i], &a[i] + 3, &b[i]) ? 0 : 1;
  return static_cast<double>(changed) / (static_cast<double>(a.size()) / 3);
}

TEST(WorldStyle, ClassesAreThoseNamedInTheirOrder) {
  const auto two = open({{"classes", std::string("torus, hexagonal prism")}}, 6);
  EXPECT_THAT(two->class_names(), ElementsAre("torus", "hexagonal prism"));
  EXPECT_THAT(two->labels(), ElementsAre(0, 1, 0, 1, 0, 1));
  const auto all = open({}, 6);
  EXPECT_EQ(image_of(*open({{"classes", std::string("sphere,cube")}}), 1), image_of(*all, 1)) << "image 1 is a cube";
  const auto fault = [](const std::string& classes) {
    return message_of<std::invalid_argument>([&] { open({{"classes", classes}}); });
  };
  EXPECT_THAT(fault("cubes"), HasSubstr("there is no solid 'cubes'; did you mean 'cube'?"));
  EXPECT_THAT(fault("cube, cone,cube"), HasSubstr("'cube' is named twice"));
  EXPECT_THAT(fault("cube,,cone"), HasSubstr("there is no solid ''"));
}

TEST(WorldStyle, DefaultsAreWhatIsSeenWithoutSettings) {
  Settings defaults;
  for (const Field& field : list_fields(WorldStyle{})) defaults[field.name] = field.value;
  EXPECT_EQ(all_bytes(*open(defaults)), all_bytes(*open({})));
  EXPECT_EQ(std::get<double>(defaults.at("size_min")), 0.55) << "as it is written, not as a float is stored";
}

TEST(WorldStyle, ValuesThatCannotBeRenderedAreRefused) {
  const std::vector<std::pair<const char*, Value>> impossible{{"size_min", 0.0},
                                                              {"size_min", 0.9},
                                                              {"size_max", 3.0},
                                                              {"offset", -0.1},
                                                              {"gloss", 1e9},
                                                              {"occluder", 1.5},
                                                              {"lights", std::int64_t{0}},
                                                              {"lights", std::int64_t{5}},
                                                              {"rotation", 4.0},
                                                              {"moments", std::int64_t{1}},
                                                              {"camera_turn", 2.0},
                                                              {"other_background", -1.0},
                                                              {"tint", 1e300}};
  for (const auto& [name, value] : impossible) {
    EXPECT_THAT(message_of<std::invalid_argument>([&, key = name, given = value] {
                  open({{key, given}});
                }),
                HasSubstr(name));
  }
}

TEST(WorldStyle, AnOccluderCoversAPartAndChangesNothingElse) {
  const auto bare = open({});
  const auto covered = open({{"occluder", 1.0}});
  const auto half = open({{"occluder", 0.5}});
  double mean = 0;
  int with = 0;
  for (std::int32_t row = 0; row < bare->size(); ++row) {
    const double share = share_changed(image_of(*bare, row), image_of(*covered, row));
    EXPECT_LT(share, 0.6) << row;
    mean += share / static_cast<double>(bare->size());
    with += share_changed(image_of(*bare, row), image_of(*half, row)) > 0 ? 1 : 0;
  }
  EXPECT_GT(mean, 0.05);
  EXPECT_LT(mean, 0.3);
  EXPECT_NEAR(with, 20, 12);
  EXPECT_EQ(bare->labels(), covered->labels());
}

TEST(WorldStyle, KindsOfLightDiffer) {
  const auto lamp = open({});
  const auto four = open({{"lights", std::int64_t{4}}});
  int same = 0;
  for (std::int32_t row = 0; row < lamp->size(); ++row) {
    same += image_of(*lamp, row) == image_of(*four, row) ? 1 : 0;
  }
  EXPECT_NEAR(same, 10, 8) << "a quarter has the lamp";
}

/// A sphere of grey light: what each kind of light does to it can be worked out.
TEST(WorldStyle, LightIsTheSumOfItsParts) {
  WorldStyle style;
  style.clutter = 0;
  Instance instance = draw_instance(Solid::sphere, style, Random(3, Purpose::world, 0, 1, 0));
  instance.texture = {};
  instance.texture.first = instance.texture.second = {1, 1, 1};
  instance.background = {};
  instance.x = instance.y = 0;
  instance.size = 0.8F;
  instance.gloss = 0;
  instance.light = {0, 0, 1};
  Moment moment = base_moment(instance);
  Image image(side * side * 3);
  const auto middle = [&](std::size_t channel) {
    render(instance, moment, style, side, image.data());
    return image[(side / 2 * side + side / 2) * 3 + channel] / 255.0;
  };
  moment.lighting = {.is_plain = false,
                     .ground = {0.1F, 0.2F, 0.3F},
                     .sky = {0.3F, 0.4F, 0.7F},
                     .lamp = {0.2F, 0, 0},
                     .second = {0, 0.2F, 0},
                     .second_light = {0, 0, 1}};
  EXPECT_NEAR(middle(0), 0.2 + 0.2, 0.02) << "half of the sky, half of the ground, and the lamp";
  EXPECT_NEAR(middle(1), 0.3 + 0.2, 0.02) << "the second lamp";
  EXPECT_NEAR(middle(2), 0.5, 0.02);
  moment.lighting.up = {0, 0, 1};
  EXPECT_NEAR(middle(2), 0.7, 0.02) << "the sky stands behind the camera";
}

TEST(WorldStyle, ACameraThatRollsSeesTheImageTurned) {
  const WorldStyle style;
  for (std::uint32_t number = 0; number < 5; ++number) {
    const Instance instance =
        draw_instance(static_cast<Solid>(2 * number), style, Random(1, Purpose::world, 0, number, 0));
    Moment moment = base_moment(instance);
    moment.background_x = 0.2F;
    Image upright(side * side * 3);
    render(instance, moment, style, side, upright.data());
    moment.roll = 1.57079633F;
    const Rotation turn = rotation_about({0, 0, 1}, moment.roll);
    moment.rotation = turn * moment.rotation;
    moment.light = rotated(turn, moment.light);
    const Vec3 place = rotated(turn, {moment.x, moment.y, 0});
    moment.x = place.x;
    moment.y = place.y;
    const Vec3 behind = rotated(turn, {moment.background_x, moment.background_y, 0});
    moment.background_x = behind.x;
    moment.background_y = behind.y;
    Image rolled(side * side * 3);
    render(instance, moment, style, side, rolled.data());
    Image turned(side * side * 3);
    for (std::int64_t y = 0; y < side; ++y) {
      for (std::int64_t x = 0; x < side; ++x) {
        std::copy_n(&upright[static_cast<std::size_t>((y * side + x) * 3)], 3,
                    &turned[static_cast<std::size_t>(((side - 1 - x) * side + y) * 3)]);
      }
    }
    EXPECT_LT(difference(rolled, turned), 0.5) << number;
  }
}

TEST(WorldStyle, MomentsSeeWhatTheCameraDoes) {
  const auto still = open({});
  for (const char* motion : {"camera_turn", "camera_roll"}) {
    const auto moved = open({{motion, 0.6}});
    EXPECT_EQ(image_of(*still, 3), image_of(*moved, 3)) << "the base pose stays";
    Image a(image_of(*still, 3).size());
    Image b = a;
    Capability<MomentSource>(*still)->render_moment(3, Random(1, Purpose::world, 0, 3, 1), a.data());
    Capability<MomentSource>(*moved)->render_moment(3, Random(1, Purpose::world, 0, 3, 1), b.data());
    EXPECT_GT(difference(a, b), 1) << motion;
  }
}

TEST(WorldSequence, NeighboursLookAlike) {
  const auto world = open({{"occluder", 0.5}, {"lights", std::int64_t{4}}, {"camera_turn", 0.3}});
  ASSERT_EQ(Capability<SequenceSource>(*world)->sequence_length(), 16);
  std::map<std::int64_t, double> apart;  // by gap
  for (const std::int64_t gap : {1, 4, 8}) {
    for (std::int64_t image = 0; image < 20; ++image) {
      apart[gap] += difference(in_sequence(*world, image, 3), in_sequence(*world, image, 3 + gap)) / 20;
    }
  }
  EXPECT_GT(apart[1], 0.5);
  EXPECT_LT(1.5 * apart[1], apart[4]);
  EXPECT_LT(apart[4], apart[8]);
}

TEST(WorldSequence, ComesAgainAndEnds) {
  const auto world = open({{"moments", std::int64_t{5}}});
  EXPECT_EQ(in_sequence(*world, 2, 4), in_sequence(*world, 2, 4));
  EXPECT_NE(in_sequence(*world, 2, 4), in_sequence(*world, 2, 3));
  for (const std::int64_t beyond : {-1, 5}) EXPECT_THROW(in_sequence(*world, 2, beyond), std::invalid_argument);
  EXPECT_THROW(in_sequence(*world, 40, 0), std::invalid_argument);
}

TEST(WorldSequence, ViewsLieAGapApart) {
  const auto world = open({{"moments", std::int64_t{6}}}, 8);
  const auto views = [&](std::int64_t gap) {
    return ViewsRegistry::instance().make("moments", {{"gap", gap}},
                                          {.dataset = *world, .seed = 7, .batch = 8, .device = Device::cpu});
  };
  const auto pairs = views(2);
  Tensor first({1, side, side, 3}, DType::float32, Device::cpu);
  Tensor second(first.shape(), DType::float32, Device::cpu);
  std::set<std::int64_t> starts;
  for (std::int32_t image = 0; image < 8; ++image) {
    pairs->make(0, 0, indices_of({image}, Device::cpu), first);
    pairs->make(0, 1, indices_of({image}, Device::cpu), second);
    const auto shows = [&](const Tensor& view, std::int64_t moment) {
      const Image expected = in_sequence(*world, image, moment);
      return std::ranges::equal(view.span<const float>(), expected,
                                [](float seen, std::uint8_t byte) { return std::lround(255 * seen) == byte; });
    };
    for (std::int64_t t = 0; t < 4; ++t) {
      if (!shows(first, t)) continue;
      starts.insert(t);
      EXPECT_TRUE(shows(second, t + 2));
    }
  }
  EXPECT_GT(starts.size(), 1U);
  EXPECT_THAT(message_of<std::invalid_argument>([&] { views(6); }), HasSubstr("a sequence has 6 moments, so 0 to 5"));
  EXPECT_THROW(views(-1), std::invalid_argument);
}

}  // namespace
}  // namespace biossl::world
