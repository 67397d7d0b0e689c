#include <gtest/gtest.h>
#include <png.h>

#include "biossl/data/canvas.h"
#include "biossl/data/contact_sheet.h"
#include "biossl/data/summary.h"
#include "biossl/io/png.h"
#include "tests/support/temporary_folder.h"

namespace biossl {
namespace {

using testing::TemporaryFolder;

struct Picture {
  std::int64_t width = 0;
  std::int64_t height = 0;
  std::vector<std::uint8_t> rgb;
};

Picture read_png(const std::filesystem::path& path) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  EXPECT_NE(png_image_begin_read_from_file(&image, path.c_str()), 0) << image.message;
  image.format = PNG_FORMAT_RGB;
  Picture picture{image.width, image.height, std::vector<std::uint8_t>(PNG_IMAGE_SIZE(image))};
  EXPECT_NE(png_image_finish_read(&image, nullptr, picture.rgb.data(), 0, nullptr), 0) << image.message;
  return picture;
}

TEST(Png, IsReadBackAsWritten) {
  const TemporaryFolder folder;
  std::vector<std::uint8_t> rgb(7 * 5 * 3);
  for (std::size_t i = 0; i < rgb.size(); ++i) rgb[i] = static_cast<std::uint8_t>(i * 53);
  write_png(folder.path() / "a.png", 7, 5, rgb);
  const Picture picture = read_png(folder.path() / "a.png");
  EXPECT_EQ(picture.width, 7);
  EXPECT_EQ(picture.height, 5);
  EXPECT_EQ(picture.rgb, rgb);
}

TEST(Png, RefusesWhatItCannotWrite) {
  const TemporaryFolder folder;
  const std::vector<std::uint8_t> rgb(12);
  EXPECT_THROW(write_png(folder.path() / "a.png", 2, 3, rgb), std::invalid_argument);
  EXPECT_THROW(write_png(folder.path() / "a.png", 0, 0, {}), std::invalid_argument);
  EXPECT_THROW(write_png(folder.path() / "none" / "a.png", 2, 2, rgb), std::runtime_error);
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(Canvas, ShowsImagesAndTextsAndCutsThemAtItsEdges) {
  const TemporaryFolder folder;
  Canvas canvas(40, 20);
  const std::vector<std::uint8_t> grey{10, 20, 30, 40};
  canvas.image(4, 6, {2, 2, 1}, grey.data(), 3);
  canvas.image(38, 18, {2, 2, 1}, grey.data(), 3);
  canvas.text(20, 2, "I");
  canvas.text(36, 15, "~\xff");
  canvas.save(folder.path() / "a.png");
  const Picture picture = read_png(folder.path() / "a.png");
  const auto red = [&](std::size_t x, std::size_t y) { return picture.rgb.at((y * 40 + x) * 3); };
  EXPECT_EQ(red(3, 6), 40);  // paper
  EXPECT_EQ(red(4, 6), 10);
  EXPECT_EQ(red(7, 8), 20);
  EXPECT_EQ(red(9, 11), 40);
  EXPECT_EQ(red(22, 4), 235);  // the letter's stem
  EXPECT_EQ(red(39, 19), 10);
  EXPECT_THROW(canvas.image(0, 0, {2, 2}, grey.data(), 1), std::invalid_argument);
}

TEST(Canvas, GivesEachOfManyChannelsAHue) {
  const TemporaryFolder folder;
  Canvas canvas(6, 1);
  std::vector<std::uint8_t> one_hot(36, 0);
  for (std::size_t i = 0; i < 6; ++i) one_hot[i * 7] = 255;
  canvas.image(0, 0, {1, 6, 6}, one_hot.data(), 1);
  canvas.save(folder.path() / "a.png");
  EXPECT_EQ(read_png(folder.path() / "a.png").rgb,
            (std::vector<std::uint8_t>{255, 0, 0, 255, 255, 0, 0, 255, 0, 0, 255, 255, 0, 0, 255, 255, 0, 255}));
}

TEST(ContactSheet, ShowsTheFirstImagesOfEveryClass) {
  const TemporaryFolder folder;
  const auto dataset = open_dataset("world", {Split::train, "", 25, 16, 1});
  write_contact_sheet(*dataset, folder.path() / "sheet.png", {10, 3, 2});
  const Picture sheet = read_png(folder.path() / "sheet.png");
  EXPECT_EQ(sheet.width, 4 + 3 * 36);
  EXPECT_EQ(sheet.height, 4 + 10 * 48);
  const auto* image12 = dataset->pixels().data<std::uint8_t>() + 12 * 16 * 16 * 3;  // second of class 2
  const std::size_t corner = static_cast<std::size_t>(((4 + 2 * 48 + 12) * sheet.width + 4 + 36) * 3);
  EXPECT_EQ(sheet.rgb.at(corner), image12[0]);
  EXPECT_EQ(sheet.rgb.at(corner + 1), image12[1]);
  EXPECT_THROW(write_contact_sheet(*dataset, folder.path() / "sheet.png", {0, 3, 2}), std::invalid_argument);
}

TEST(ViewSheet, ShowsImagesBesideTheirViews) {
  const TemporaryFolder folder;
  const auto dataset = open_dataset("world", {Split::train, "", 3, 16, 1});
  const auto views = ViewsRegistry::instance().make("identity", {}, {*dataset, 1, 10, Device::reference});
  write_view_sheet(*dataset, *views, plan_views({"identity", {}}, {16, 16, 3}), Device::reference,
                   folder.path() / "views.png", {10, 4, 1});
  const Picture sheet = read_png(folder.path() / "views.png");
  EXPECT_EQ(sheet.width, 4 + 5 * 20);
  EXPECT_EQ(sheet.height, 4 + 3 * 32);
  for (std::size_t column = 0; column < 5; ++column) {
    const std::size_t corner = (16 * static_cast<std::size_t>(sheet.width) + 4 + column * 20) * 3;
    EXPECT_EQ(sheet.rgb.at(corner), dataset->pixels().data<std::uint8_t>()[0]) << column;
  }
}

TEST(ViewSheet, ShowsPatchesAsAGridWithGaps) {
  const TemporaryFolder folder;
  const auto dataset = open_dataset("world", {Split::train, "", 3, 24, 1});
  const Choice choice{
      "patches",
      {{"crop", std::int64_t{24}}, {"patch", std::int64_t{8}}, {"stride", std::int64_t{8}}, {"mirror", 0.0}}};
  const ViewPlan plan = plan_views(choice, dataset->image_shape());
  EXPECT_EQ(sides_on_sheet(plan), (std::array<std::int64_t, 2>{28, 28}));  // 3 x 8 pixels, two gaps of 2
  const auto views = ViewsRegistry::instance().make("patches", choice.settings, {*dataset, 1, 10, Device::cpu});
  write_view_sheet(*dataset, *views, plan, Device::cpu, folder.path() / "patches.png", {10, 2, 1});
  const Picture sheet = read_png(folder.path() / "patches.png");
  EXPECT_EQ(sheet.width, 4 + 3 * 32);  // the image, and its view in two epochs
  EXPECT_EQ(sheet.height, 4 + 3 * 44);
  const auto shown = [&](std::int64_t y, std::int64_t x) {
    return static_cast<int>(sheet.rgb.at(static_cast<std::size_t>(((16 + y) * sheet.width + 36 + x) * 3)));
  };
  const auto grey = [&](std::int64_t y, std::int64_t x) {
    const std::uint8_t* pixel = dataset->pixels().data<std::uint8_t>() + (y * 24 + x) * 3;
    return 0.299 * pixel[0] + 0.587 * pixel[1] + 0.114 * pixel[2];
  };
  EXPECT_NEAR(shown(3, 5), grey(3, 5), 1);
  EXPECT_NEAR(shown(12, 23), grey(10, 19), 1);  // the middle patch of the right column: one gap down, two across
  for (const std::int64_t between : {8, 9, 18, 19}) EXPECT_EQ(shown(3, between), shown(9, 3)) << between;
}

TEST(Summary, CountsAndMeasures) {
  const auto dataset = open_dataset("world", {Split::train, "", 23, 16, 1});
  const DatasetSummary summary = summarize(*dataset);
  EXPECT_EQ(summary.images, 23);
  EXPECT_EQ(summary.class_sizes, (std::vector<std::int64_t>{3, 3, 3, 2, 2, 2, 2, 2, 2, 2}));
  double sum = 0;
  double squares = 0;
  for (std::int64_t i = 1; i < dataset->pixels().size(); i += 3) {
    const double value = dataset->pixels().data<std::uint8_t>()[i] / 255.0;
    sum += value;
    squares += value * value;
  }
  const double mean = sum / (23 * 256);
  EXPECT_NEAR(summary.channel_mean.at(1), mean, 1e-12);
  EXPECT_NEAR(summary.channel_deviation.at(1), std::sqrt(squares / (23 * 256) - mean * mean), 1e-9);
}

}  // namespace
}  // namespace biossl
