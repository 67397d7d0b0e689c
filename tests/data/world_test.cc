#include "biossl/data/world/world.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <set>
#include <string>

#include "biossl/core/parallel.h"
#include "biossl/core/stopwatch.h"
#include "biossl/data/capability.h"
#include "biossl/data/moments.h"
#include "biossl/data/summary.h"
#include "biossl/data/world/render.h"

namespace biossl::world {
namespace {

using Image = std::string;  // its bytes

std::uint8_t* bytes_of(Image& image) { return reinterpret_cast<std::uint8_t*>(image.data()); }

DatasetRequest request(std::int64_t images, Split split = Split::train, std::uint64_t seed = 1) {
  return {split, "", images, 32, seed};
}

Image image_of(const Dataset& dataset, std::int64_t index) {
  const Tensor pixels = dataset.pixels().rows(index, index + 1);
  return {pixels.span<std::uint8_t>().begin(), pixels.span<std::uint8_t>().end()};
}

Image moment_of(const Dataset& dataset, std::int64_t index, std::uint32_t view) {
  Image image(static_cast<std::size_t>(dataset.image_shape().size()), '\0');
  const Capability<MomentSource> moments(dataset);
  const Random random(1, Purpose::world, 0, static_cast<std::uint32_t>(index), view);
  moments->render_moment(moments.row(index), random, bytes_of(image));
  return image;
}

bool same_pixels(const Dataset& a, const Dataset& b) {
  return std::ranges::equal(a.pixels().span<std::uint8_t>(), b.pixels().span<std::uint8_t>());
}

double mean_of(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

TEST(World, IsTheSameForAnyNumberOfThreads) {
  const int before = threads();
  set_threads(1);
  const auto one = open_dataset("world", request(50));
  one->pixels();
  set_threads(2);
  const auto two = open_dataset("world", request(50));
  two->pixels();
  set_threads(before);
  EXPECT_TRUE(same_pixels(*one, *two));
}

TEST(World, TargetsAreWhatTheSceneWasRenderedWith) {
  const World world(WorldStyle{}, request(40, Split::train, 5));
  const Targets targets = world.targets();
  ASSERT_EQ(targets.names, (std::vector<std::string>{"x", "y", "size", "light_x", "light_y", "light_z", "turn_sin",
                                                     "turn_cos", "tilt_sin", "tilt_cos"}));
  ASSERT_EQ(targets.values.size(), 400U);
  for (std::uint32_t i = 0; i < 40; ++i) {
    const Instance shown = draw_instance(static_cast<Solid>(i % 10), WorldStyle{}, Random(5, Purpose::world, 0, i, 0));
    Image rendered(static_cast<std::size_t>(world.image_shape().size()), '\0');
    render(shown, base_moment(shown), WorldStyle{}, 32, bytes_of(rendered));
    ASSERT_EQ(rendered, image_of(world, i)) << "this is the scene";
    const float* const row = targets.values.data() + std::size_t{10} * i;
    EXPECT_EQ(row[0], shown.x);
    EXPECT_EQ(row[1], shown.y);
    EXPECT_EQ(row[2], shown.size);
    EXPECT_EQ(row[3], shown.light.x);
    EXPECT_EQ(row[4], shown.light.y);
    EXPECT_EQ(row[5], shown.light.z);
    EXPECT_NEAR(std::hypot(row[6], row[7]), 1, 1e-5);
    EXPECT_NEAR(std::hypot(row[8], row[9]), 1, 1e-5);
    // The axis that the angles name is the z axis of the solid, towards the camera or away from it.
    const float turn = 0.5F * std::atan2(row[6], row[7]);
    const auto along = [&](float z) {
      return std::fabs(to_solid(shown.rotation, {row[8] * std::cos(turn), row[8] * std::sin(turn), z}).z);
    };
    EXPECT_NEAR(larger(along(row[9]), along(-row[9])), 1, 1e-4);
  }
}

TEST(World, AnImageDoesNotDependOnHowManyThereAre) {
  const auto few = open_dataset("world", request(20));
  const auto many = open_dataset("world", request(40));
  for (std::int64_t i = 0; i < 20; ++i) EXPECT_EQ(image_of(*few, i), image_of(*many, i)) << i;
}

TEST(World, DependsOnItsSeed) {
  EXPECT_TRUE(same_pixels(*open_dataset("world", request(20)), *open_dataset("world", request(20))));
  EXPECT_FALSE(same_pixels(*open_dataset("world", request(20)), *open_dataset("world", request(20, Split::train, 2))));
}

TEST(World, ClassesAreBalancedAndNamed) {
  const DatasetSummary summary = summarize(*open_dataset("world", request(200)));
  ASSERT_EQ(summary.class_names.size(), 10U);
  for (const std::int64_t size : summary.class_sizes) EXPECT_EQ(size, 20);
  EXPECT_EQ(open_dataset("world", {})->size(), default_train_images);
  EXPECT_EQ(open_dataset("world", {Split::test, "", 0, 32, 1})->size(), default_test_images);
}

TEST(World, SplitsShareNoInstance) {
  const auto train = open_dataset("world", request(200));
  const auto test = open_dataset("world", request(200, Split::test));
  std::set<Image> images;
  for (std::int64_t i = 0; i < 200; ++i) {
    images.insert(image_of(*train, i));
    images.insert(image_of(*test, i));
  }
  EXPECT_EQ(images.size(), 400U);
}

TEST(World, MomentsDifferAndComeAgain) {
  const auto dataset = open_dataset("world", request(30));
  ASSERT_TRUE(Capability<MomentSource>(*dataset).exists());
  for (std::int64_t i = 0; i < 30; ++i) {
    const Image first = moment_of(*dataset, i, 1);
    EXPECT_NE(first, moment_of(*dataset, i, 2));
    EXPECT_NE(first, image_of(*dataset, i));
    EXPECT_EQ(first, moment_of(*dataset, i, 1));
  }
  EXPECT_THROW(moment_of(*dataset, 30, 1), std::invalid_argument);
  EXPECT_THROW(moment_of(*dataset, -1, 1), std::invalid_argument);
}

TEST(World, RefusesSizesItCannotRender) {
  for (const std::int64_t size : {-1, 0, 7, 257}) {
    EXPECT_THROW(open_dataset("world", {Split::train, "", 10, size, 1}), std::invalid_argument) << size;
  }
  for (const std::int64_t images : {std::int64_t{-1}, std::int64_t{1} << 40}) {
    EXPECT_THROW(open_dataset("world", {Split::train, "", images, 32, 1}), std::invalid_argument) << images;
  }
  for (const std::int64_t size : {8, 9, 33, 96, 256}) {
    const auto dataset = open_dataset("world", {Split::train, "", 10, size, 1});
    EXPECT_GT(summarize(*dataset).channel_deviation.at(0), 0.05) << size;
  }
}

/// Renders solids of full brightness before black: white pixels are the solid.
double covered(Solid solid, int instances) {
  WorldStyle style;
  style.ambient = 1.0F;
  style.clutter = 0.0F;
  std::vector<double> shares;
  std::vector<std::uint8_t> image(32 * 32 * 3);
  for (int i = 0; i < instances; ++i) {
    Instance instance =
        draw_instance(solid, style, Random(5, Purpose::world, 0, static_cast<std::uint32_t>(i * solids)));
    instance.background = {};
    instance.texture = {};
    instance.texture.first = instance.texture.second = {1, 1, 1};
    instance.size = 0.5F;
    instance.x = instance.y = 0;
    render(instance, base_moment(instance), style, 32, image.data());
    const double sum = std::accumulate(image.begin(), image.end(), 0.0);
    shares.push_back(sum / (255.0 * static_cast<double>(image.size())));
  }
  return mean_of(shares);
}

TEST(World, SizeSaysNothingAboutTheClass) {
  const double sphere = covered(Solid::sphere, 2);
  EXPECT_NEAR(sphere, 3.14159 * 0.25 / 4.0, 0.01);  // of radius 1/2 in a square of side 2
  for (int solid = 0; solid < solids; ++solid) {
    EXPECT_NEAR(covered(static_cast<Solid>(solid), 400) / sphere, 1.0, 0.05)
        << solid_names().at(static_cast<std::size_t>(solid));
  }
}

/// The mean colour of each class's images is that of all images, up to chance (its standard error is about 0.006).
TEST(World, ColourSaysNothingAboutTheClass) {
  const auto dataset = open_dataset("world", request(6000));
  const DatasetSummary all = summarize(*dataset);
  std::array<std::array<double, 3>, solids> mean{};
  const auto pixels = dataset->pixels().span<std::uint8_t>();
  for (std::size_t i = 0; i < pixels.size(); ++i) mean[i / 3072 % solids][i % 3] += pixels[i] / (255.0 * 600 * 1024);
  for (std::size_t solid = 0; solid < solids; ++solid) {
    for (std::size_t c = 0; c < 3; ++c) {
      EXPECT_NEAR(mean[solid][c], all.channel_mean[c], 0.025) << solid_names()[solid];
    }
  }
}

TEST(World, RendersFast) {
  const auto dataset = open_dataset("world", request(2000));
  const Stopwatch watch;
  dataset->pixels();
  std::cout << fmt::format("{:.0f} images/s on {} threads\n", 2000 / watch.seconds(), threads());
}

}  // namespace
}  // namespace biossl::world
