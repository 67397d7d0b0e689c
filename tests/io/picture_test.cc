#include "biossl/io/picture.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "biossl/core/error.h"
#include "biossl/core/file.h"
#include "tests/support/data_files.h"
#include "tests/support/message_of.h"
#include "tests/support/pictures.h"
#include "tests/support/temporary_folder.h"

namespace biossl {
namespace {

using ::testing::HasSubstr;
using namespace testing;  // NOLINT(google-build-using-namespace): the encoders of the tests

constexpr Pixel red{255, 0, 0};
constexpr Pixel green{0, 255, 0};
constexpr Pixel blue{0, 0, 255};
constexpr Pixel yellow{255, 255, 0};
constexpr Pixel white{255, 255, 255};

Picture decoded(const std::string& bytes, std::int64_t least_side = 0) {
  return decode_picture(std::as_bytes(std::span(bytes.data(), bytes.size())), least_side, "it.jpg");
}

void expect_near(const Pixel& one, const Pixel& other, int tolerance) {
  for (std::size_t c = 0; c < 3; ++c) EXPECT_NEAR(one[c], other[c], tolerance) << ::testing::PrintToString(one);
}

/// The four corners, row by row, are these.
void expect_corners(const Picture& picture, const std::array<Pixel, 4>& corners, int tolerance = 8) {
  const std::int64_t low = picture.height - 3;
  const std::int64_t right = picture.width - 3;
  expect_near(pixel_of(picture, 2, 2), corners[0], tolerance);
  expect_near(pixel_of(picture, 2, right), corners[1], tolerance);
  expect_near(pixel_of(picture, low, 2), corners[2], tolerance);
  expect_near(pixel_of(picture, low, right), corners[3], tolerance);
}

TEST(Jpeg, IsDecodedWhateverItsKind) {
  const Picture picture = quarters(48, 32);
  for (const JpegOptions& options : {JpegOptions{}, {.progressive = true}, {.sampling = 1}, {.quality = 60}}) {
    const Picture made = decoded(jpeg_bytes(picture, options));
    EXPECT_EQ(made.width, 48);
    EXPECT_EQ(made.height, 32);
    expect_corners(made, {red, green, blue, yellow}, 25);
  }
  expect_corners(decoded(jpeg_bytes(picture, {.cmyk = true})), {red, green, blue, yellow}, 25);
  const Pixel grey{85, 85, 85};
  expect_corners(decoded(jpeg_bytes(picture, {.grey = true})), {grey, grey, grey, {170, 170, 170}});
}

TEST(Jpeg, IsTurnedAsItsExifOrientationSays) {
  const Picture picture = quarters(48, 32);
  const std::array<std::array<Pixel, 4>, 8> expected{{{red, green, blue, yellow},
                                                      {green, red, yellow, blue},
                                                      {yellow, blue, green, red},
                                                      {blue, yellow, red, green},
                                                      {red, blue, green, yellow},
                                                      {blue, red, yellow, green},
                                                      {yellow, green, blue, red},
                                                      {green, yellow, red, blue}}};
  for (int orientation = 1; orientation <= 8; ++orientation) {
    SCOPED_TRACE(orientation);
    for (const bool big_endian : {false, true}) {
      const std::string bytes = jpeg_bytes(picture, {.orientation = orientation, .big_endian = big_endian});
      const Picture made = decoded(bytes);
      EXPECT_EQ(made.width, orientation < 5 ? 48 : 32);
      expect_corners(made, expected[static_cast<std::size_t>(orientation - 1)], 25);
    }
  }
  expect_corners(decoded(jpeg_bytes(picture, {.orientation = 9})), expected[0], 25);
}

TEST(Jpeg, IsScaledWhileItIsDecoded) {
  const std::string bytes = jpeg_bytes(quarters(320, 160));
  EXPECT_EQ(decoded(bytes, 20).height, 20);
  EXPECT_EQ(decoded(bytes, 21).height, 40);
  EXPECT_EQ(decoded(bytes, 300).height, 160);
  expect_corners(decoded(bytes, 20), {red, green, blue, yellow}, 25);
}

TEST(Png, IsDecodedWhateverItsKind) {
  const Picture picture = quarters(20, 12);
  const std::array<Pixel, 4> all{red, green, blue, yellow};
  expect_corners(decoded(png_bytes(picture)), all, 0);
  expect_corners(decoded(png_bytes(picture, PngKind::palette)), all, 0);
  expect_corners(decoded(png_bytes(picture, PngKind::rgb16)), all, 1);
  expect_corners(decoded(png_bytes(picture, PngKind::alpha)), {red, white, blue, white}, 0);
  const Pixel grey{85, 85, 85};
  expect_corners(decoded(png_bytes(picture, PngKind::grey)), {grey, grey, grey, {170, 170, 170}}, 0);
  expect_corners(decoded(png_bytes(picture, PngKind::grey_alpha)), {grey, white, grey, white}, 0);
}

TEST(WebP, IsDecodedWithAlphaAndWithout) {
  const Picture picture = quarters(20, 12);
  expect_corners(decoded(webp_bytes(picture)), {red, green, blue, yellow}, 0);
  expect_corners(decoded(webp_bytes(picture, true)), {red, white, blue, white}, 0);
}

TEST(Picture, KnowsTheEndingsOfPictures) {
  for (const char* name : {"a.jpg", "A.JPG", "b.JpEg", "c.png", "d.PNG", "\xc3\xa4 \xe7\x8c\xab.WebP"}) {
    EXPECT_TRUE(has_picture_ending(name)) << name;
  }
  for (const char* name : {"a.txt", "jpg", ".jpg", "a.jpg.part", "a.gif"})
    EXPECT_FALSE(has_picture_ending(name)) << name;
}

TEST(Picture, SaysWhatIsWrong) {
  const Picture picture = quarters(64, 64);
  const auto says = [](const std::string& bytes, const std::string& text) {
    EXPECT_THAT(message_of<BadInput>([&] { decoded(bytes); }), AllOf(HasSubstr("it.jpg: "), HasSubstr(text)));
  };
  says("", "is empty");
  says("GIF89a and so on", "is no JPEG, PNG or WebP picture");
  for (const std::string& whole : {jpeg_bytes(picture), jpeg_bytes(picture, {.progressive = true})}) {
    says(whole.substr(0, whole.size() * 2 / 3), "is a damaged JPEG (");
    says(whole.substr(0, 30), "is a damaged JPEG (");
  }
  const std::string png = png_bytes(picture);
  says(png.substr(0, png.size() / 2), "is a damaged PNG (");
  const std::string webp = webp_bytes(picture);
  says(webp.substr(0, webp.size() - 9), "is a damaged WebP");
}

TEST(Picture, RefusesPicturesThatNoMemoryHolds) {
  std::string png = png_bytes(quarters(8, 8));
  // 200000 x 200000 pixels, with the checksum of that header.
  const std::string header("\x00\x03\x0d\x40\x00\x03\x0d\x40", 8);
  png.replace(16, 8, header);
  EXPECT_THROW(decoded(png), BadInput);
  std::string jpeg = jpeg_bytes(quarters(8, 8));
  const std::size_t frame = jpeg.find("\xff\xc0");
  ASSERT_NE(frame, std::string::npos);
  jpeg.replace(frame + 5, 4, "\xff\xdc\xff\xdc");
  EXPECT_THAT(message_of<BadInput>([&] { decoded(jpeg); }), HasSubstr("65500 x 65500 pixels are too many"));
}

TEST(Picture, RefusesDamagedFilesInOneLine) {
  const TemporaryFolder folder;
  const Picture picture = quarters(40, 24);
  for (const std::string& bytes :
       {jpeg_bytes(picture, {.orientation = 6}), jpeg_bytes(picture, {.progressive = true}), png_bytes(picture),
        png_bytes(picture, PngKind::palette), webp_bytes(picture, true)}) {
    const auto path = folder.path() / "picture";
    const int refused = mutate(path, bytes, 300, [&] { decoded(read_file(path), 8); });
    EXPECT_GT(refused, 60);
  }
}

}  // namespace
}  // namespace biossl
