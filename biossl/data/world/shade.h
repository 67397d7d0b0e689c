#pragma once

#include "biossl/data/world/scene.h"

namespace biossl::world {

/// The share of a texture's second colour at a point.
inline float texture_share(const Texture& t, float x, float y, float z) {
  const float s0 = wave(t.frequency[0].x * x + t.frequency[0].y * y + t.frequency[0].z * z + t.phase[0]);
  const float s1 = wave(t.frequency[1].x * x + t.frequency[1].y * y + t.frequency[1].z * z + t.phase[1]);
  const float s2 = wave(t.frequency[2].x * x + t.frequency[2].y * y + t.frequency[2].z * z + t.phase[2]);
  return clamp01(0.5F + t.sharpness * (t.stripes * s0 + t.noise * (s0 + s1 + s2) + t.checks * s0 * s1 * s2));
}

/// x^24, the profile of the highlight.
inline float highlight(float x) {
  const float x2 = x * x;
  const float x4 = x2 * x2;
  const float x8 = x4 * x4;
  return x8 * x8 * x8;
}

}  // namespace biossl::world
