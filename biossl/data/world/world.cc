#include "biossl/data/world/world.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "biossl/core/parallel.h"
#include "biossl/data/world/render.h"

namespace biossl::world {
namespace {

constexpr std::uint32_t first_test_instance = 1U << 30;  // instances below it are training images
constexpr std::int64_t grain = 8;                        // parallel work is divided at multiples of this many images

std::int64_t images_of(const DatasetRequest& request) {
  if (request.images != 0) return request.images;
  return request.split == Split::train ? default_train_images : default_test_images;
}

const Registration<DatasetRegistry, World, WorldStyle> registration(
    "world", "built in: ten classes of textured solids that turn, move and change light; needs no files");

}  // namespace

World::World(const WorldStyle& style, const DatasetRequest& request)
    : style_(style), solids_(solids_of(style)), split_(request.split), seed_(request.seed) {
  check_style(style);
  const std::int64_t size = request.image_size;
  check(size >= smallest_image && size <= largest_image, "world", "image_size = {}; {} to {} can be rendered", size,
        smallest_image, largest_image);
  const std::int64_t images = images_of(request);
  check(images > 0 && images <= first_test_instance, "world", "images = {}; 1 to {}, or 0 for the default, can be had",
        images, first_test_instance);
  image_shape_ = {size, size, 3};
  const std::vector<std::string> names = solid_names();
  for (const Solid solid : solids_) class_names_.push_back(names[static_cast<std::size_t>(solid)]);
  size_ = images;
  labels_.resize(static_cast<std::size_t>(images));
  for (std::size_t i = 0; i < labels_.size(); ++i) labels_[i] = static_cast<std::int32_t>(i % solids_.size());
}

Instance World::instance(std::int64_t image) const {
  const auto number = static_cast<std::uint32_t>(image) + (split_ == Split::test ? first_test_instance : 0U);
  const auto label = static_cast<std::size_t>(labels_[static_cast<std::size_t>(image)]);
  return draw_instance(solids_[label], style_, Random(seed_, Purpose::world, 0, number, 0));
}

const Tensor& World::pixels() const {
  std::call_once(rendered_, [this] {
    const Shape& shape = image_shape_;
    pixels_ = Tensor({size(), shape[0], shape[1], shape[2]}, DType::uint8, Device::cpu);
    auto* to = pixels_.data<std::uint8_t>();
    parallel_for(size(), grain, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        const Instance shown = instance(i);
        render(shown, base_moment(shown), style_, shape[0], to + i * shape.size());
      }
    });
  });
  return pixels_;
}

Targets World::targets() const {
  Targets targets{
      .names = {"x", "y", "size", "light_x", "light_y", "light_z", "turn_sin", "turn_cos", "tilt_sin", "tilt_cos"}};
  const std::size_t count = targets.names.size();
  targets.values.resize(static_cast<std::size_t>(size()) * count);
  parallel_for(size(), grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const Instance shown = instance(i);
      const Vec3 axis = rotated(shown.rotation, {0, 0, 1});
      const float across = axis.x * axis.x + axis.y * axis.y;
      const float inverse = across > 0 ? 1.0F / across : 0.0F;
      const std::array<float, 10> row{shown.x,
                                      shown.y,
                                      shown.size,
                                      shown.light.x,
                                      shown.light.y,
                                      shown.light.z,
                                      2.0F * axis.x * axis.y * inverse,
                                      (axis.x * axis.x - axis.y * axis.y) * inverse,
                                      std::sqrt(across),
                                      std::fabs(axis.z)};
      std::ranges::copy(row, targets.values.data() + static_cast<std::size_t>(i) * count);
    }
  });
  return targets;
}

void World::render_moment(std::int64_t image, Random random, std::uint8_t* to) const {
  check(image >= 0 && image < size(), "world", "image {} of {}", image, size());
  const Instance shown = instance(image);
  Background other;
  const Moment moment = draw_moment(shown, style_, random, other);
  render(shown, moment, style_, image_shape_[0], to);
}

void World::render_in_sequence(std::int64_t image, Random random, std::int64_t moment, std::uint8_t* to) const {
  check(image >= 0 && image < size(), "world", "image {} of {}", image, size());
  check(moment >= 0 && moment < style_.moments, "world", "moment {} of {}", moment, style_.moments);
  const Instance shown = instance(image);
  Background other;
  render(shown, sequence_moment(shown, style_, random, moment, other), style_, image_shape_[0], to);
}

}  // namespace biossl::world
