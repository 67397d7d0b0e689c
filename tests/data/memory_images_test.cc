#include "biossl/data/memory_images.h"

#include <gtest/gtest.h>

#include "biossl/core/error.h"

namespace biossl {
namespace {

Shape shape_of(const Settings& settings) { return image_shape("memory", settings, 32); }

TEST(MemoryImages, TheRecipeSaysTheShapeOfImagesThatAreNotHeld) {
  const Settings said{
      {"name", "gone"}, {"height", std::int64_t{5}}, {"width", std::int64_t{7}}, {"channels", std::int64_t{3}}};
  EXPECT_EQ(shape_of(said), (Shape{5, 7, 3}));
  EXPECT_EQ(shape_of({{"name", "gone"}}).size(), 0) << "nobody says it";
  EXPECT_THROW(open_dataset("memory", {}, said), BadInput);
}

TEST(MemoryImages, HeldImagesHaveTheirOwnShape) {
  hold_images("here", Split::train, {.pixels = Tensor({2, 4, 6, 1}, DType::uint8, Device::cpu)});
  EXPECT_EQ(shape_of({{"name", "here"}}), (Shape{4, 6, 1}));
  EXPECT_EQ(open_dataset("memory", {}, {{"name", "here"}})->image_shape(), (Shape{4, 6, 1}));
  release_images("here");
  EXPECT_EQ(shape_of({{"name", "here"}}).size(), 0);
}

}  // namespace
}  // namespace biossl
