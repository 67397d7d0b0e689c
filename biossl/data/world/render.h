#pragma once

#include <cstdint>

#include "biossl/data/world/scene.h"

namespace biossl::world {

/// Sides of images that can be rendered.
inline constexpr std::int64_t smallest_image = 8;
inline constexpr std::int64_t largest_image = 256;

/// Renders one moment of an instance into (size, size, 3) uint8: a solid before its background, behind its occluder if
/// it has one, in the moment's light. Ray marching through the distance field, four rays per pixel. Allocates nothing.
void render(const Instance& instance, const Moment& moment, const WorldStyle& style, std::int64_t size,
            std::uint8_t* to);

}  // namespace biossl::world
