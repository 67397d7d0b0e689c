// Pictures where memory is short: that says nothing of the picture, so it is never told as damage.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <new>

#include "biossl/core/error.h"
#include "biossl/io/picture.h"
#include "tests/support/address_space.h"
#include "tests/support/message_of.h"
#include "tests/support/pictures.h"

namespace biossl {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::jpeg_bytes;
using testing::LimitedAddressSpace;
using testing::message_of;
using testing::png_bytes;
using testing::quarters;

constexpr std::int64_t megabyte = 1 << 20;

class PictureMemory : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!testing::address_space_can_be_limited) GTEST_SKIP() << "sanitizers need all of the address space";
    if (!LimitedAddressSpace(megabyte).is_limited()) GTEST_SKIP() << "the address space cannot be limited here";
  }

  static void decode(const std::string& bytes) {
    decode_picture(std::as_bytes(std::span(bytes.data(), bytes.size())), 0, "it.jpg");
  }
  /// Decodes under many limits. Returns how often memory was short.
  static int shortages(const std::string& bytes, std::int64_t step, int steps) {
    int found = 0;
    for (int i = 0; i < steps; ++i) {
      try {
        const LimitedAddressSpace limited(i * step);  // not while gtest writes
        decode(bytes);
      } catch (const BadInput& fault) {
        ADD_FAILURE() << fault.what();
      } catch (const std::bad_alloc&) {
        ++found;
      } catch (const std::runtime_error& fault) {
        EXPECT_THAT(fault.what(), HasSubstr("it.jpg: not enough memory to decode it"));
        ++found;
      }
    }
    return found;
  }
};

TEST_F(PictureMemory, WhatLibjpegCannotAllocateIsNoDamage) {
  // 6 MB of coefficients, then as many of pixels.
  const std::string bytes = jpeg_bytes(quarters(2000, 1000), {.progressive = true, .quality = 50});
  EXPECT_NO_THROW(decode(bytes));
  if (shortages(bytes, megabyte, 8) == 0) GTEST_SKIP() << "the heap had room for the picture";
}

TEST_F(PictureMemory, WhatLibpngCannotAllocateIsNoDamage) {
  // Lines of 3 MB, of which libpng keeps several.
  const std::string bytes = png_bytes(quarters(1'000'000, 1));
  EXPECT_NO_THROW(decode(bytes));
  if (shortages(bytes, megabyte / 2, 24) == 0) GTEST_SKIP() << "the heap had room for the picture";
}

/// A JPEG whose header says that both of its sides are so long.
std::string with_sides(std::string jpeg, const std::string& frame_marker, const std::string& side) {
  const std::size_t frame = jpeg.find(frame_marker);
  EXPECT_NE(frame, std::string::npos);
  return jpeg.replace(frame + 5, 4, side + side);
}

TEST_F(PictureMemory, AProgressiveJpegThatNeedsTooMuchIsToldBeforeItIsDecoded) {
  // 768 MB of coefficients
  const std::string bytes = with_sides(jpeg_bytes(quarters(8, 8), {.progressive = true}), "\xff\xc2", "\x3e\x80");
  const LimitedAddressSpace limited(300 * megabyte);
  EXPECT_THAT(message_of<std::runtime_error>([&] { decode(bytes); }),
              AllOf(HasSubstr("it.jpg: not enough memory: "), HasSubstr(" more are needed")));
}

TEST_F(PictureMemory, PixelsThatNeedTooMuchAreToldWithThePicture) {
  const std::string bytes = with_sides(jpeg_bytes(quarters(8, 8)), "\xff\xc0", "\x0f\xa0");  // 48 MB
  const LimitedAddressSpace limited(20 * megabyte);
  EXPECT_THAT(message_of<std::runtime_error>([&] { decode(bytes); }), HasSubstr("it.jpg: not enough memory: "));
}

}  // namespace
}  // namespace biossl
