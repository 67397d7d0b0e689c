#pragma once

#include <cstdint>
#include <mutex>
#include <vector>

#include "biossl/data/dataset.h"
#include "biossl/data/moments.h"
#include "biossl/data/world/scene.h"
#include "biossl/data/world/style.h"

namespace biossl::world {

inline constexpr std::int64_t default_train_images = 6000;
inline constexpr std::int64_t default_test_images = 2000;

/// The data set "world": images of ten classes of solids (sphere, cube, cylinder, cone, torus, capsule, tetrahedron,
/// octahedron, hexagonal prism, tube), or of those that the style names. Each instance has its own size, colours,
/// texture, orientation, light and background, all independent of its class. Image i has class i modulo the number of
/// classes; its instance depends on (style, seed, split, i) only, and the splits share no instance. pixels() shows the
/// base poses; render_moment shows the instance rotated, shifted, in other light and often before another background;
/// render_in_sequence shows it as it moves. Throws std::invalid_argument for an image_size outside 8 .. 256, an invalid
/// number of images or an impossible style.
class World final : public Dataset, public MomentSource, public SequenceSource {
 public:
  World(const WorldStyle& style, const DatasetRequest& request);

  const Tensor& pixels() const override;
  /// Of the base poses; lengths in half image sides, x to the right and y up:
  ///   x, y                  the solid's centre
  ///   size                  the radius of the sphere with the solid's mean silhouette
  ///   light_x, _y, _z       the unit vector to the light: the cosines of its angles with the axes; z is to the camera
  ///   turn_sin, turn_cos    of twice the angle in the image of the solid's axis, a line without a direction
  ///   tilt_sin, tilt_cos    of the angle between the axis and the line to the camera, 0 .. 90 degrees
  /// Solids without an axis (sphere, cube, tetrahedron, octahedron) have the z axis of their own coordinates for it.
  Targets targets() const override;
  void render_moment(std::int64_t image, Random random, std::uint8_t* to) const override;
  std::int64_t sequence_length() const override { return style_.moments; }
  void render_in_sequence(std::int64_t image, Random random, std::int64_t moment, std::uint8_t* to) const override;

 private:
  Instance instance(std::int64_t image) const;

  WorldStyle style_;
  std::vector<Solid> solids_;  // of the classes
  Split split_;
  std::uint64_t seed_;
  mutable std::once_flag rendered_;
  mutable Tensor pixels_;
};

}  // namespace biossl::world
