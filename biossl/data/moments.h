#pragma once

#include <cstdint>

#include "biossl/core/random.h"

namespace biossl {

/// A data set that renders an image's object at other moments (Capability; views "moments").
class MomentSource {
 public:
  /// Writes one moment of an image, (H, W, C) uint8: the same object after a random motion and change of light.
  /// Thread-safe.
  virtual void render_moment(std::int64_t image, Random random, std::uint8_t* to) const = 0;

 protected:
  ~MomentSource() = default;
};

/// A data set that renders sequences in which an image's object moves (Capability).
class SequenceSource {
 public:
  /// View of the stream Purpose::world that a sequence's random numbers come from.
  static constexpr std::uint32_t view = 3;

  /// Moments of a sequence, at least 1.
  virtual std::int64_t sequence_length() const = 0;
  /// Writes a moment, 0 .. sequence_length()-1, of the sequence that follows from the image and the random numbers,
  /// (H, W, C) uint8. Moments near each other look alike. Thread-safe.
  virtual void render_in_sequence(std::int64_t image, Random random, std::int64_t moment, std::uint8_t* to) const = 0;

 protected:
  ~SequenceSource() = default;
};

}  // namespace biossl
