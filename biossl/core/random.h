#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <string_view>

namespace biossl {

/// The use of a random stream. It is part of the key, so that no two uses share numbers. Never change a value: new
/// purposes go at the end.
enum class Purpose : std::uint32_t {
  weights = 1,    // image: index of the tensor
  shuffle,        // epoch: the epoch
  views,          // epoch, image, view
  world,          // epoch; image: the object; view: 0 its shape and appearance, 1 and up its views
  feedback,       // epoch: the step, for feedback that is redrawn; image: index of the tensor
  rule,           // epoch: the epoch; image: the batch
  probe_weights,  // the seed alone
  probe_shuffle,  // epoch: the epoch
  noise,          // epoch; image: the batch; view: the block
  sample,         // inputs that benchmarks make up
  negatives,      // epoch; image: the batch; view: the prediction step, or 0
  named = 255,    // of streams that a component names itself; see Random(seed, name, ...)
};

/// FNV-1a, 64 bits.
constexpr std::uint64_t hash_of(std::string_view text) {
  std::uint64_t hash = 0xCBF29CE484222325U;
  for (const char letter : text) {
    hash ^= static_cast<unsigned char>(letter);
    hash *= 0x100000001B3U;
  }
  return hash;
}

/// Philox4x32-10 (Salmon, Moraes, Dror & Shaw 2011): four random words from a counter and a key, without state.
constexpr std::array<std::uint32_t, 4> philox(std::array<std::uint32_t, 4> counter, std::array<std::uint32_t, 2> key) {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t p0 = std::uint64_t{0xD2511F53U} * counter[0];
    const std::uint64_t p1 = std::uint64_t{0xCD9E8D57U} * counter[2];
    counter = {static_cast<std::uint32_t>(p1 >> 32) ^ counter[1] ^ key[0], static_cast<std::uint32_t>(p1),
               static_cast<std::uint32_t>(p0 >> 32) ^ counter[3] ^ key[1], static_cast<std::uint32_t>(p0)};
    key = {key[0] + 0x9E3779B9U, key[1] + 0xBB67AE85U};
  }
  return counter;
}

/// A stream of random numbers keyed by (seed, purpose, epoch, image, view). The same key gives the same numbers on
/// every machine, for every batch size, thread count and device. At most 2^33 words may be drawn from one stream.
/// constexpr, so that GPU kernels can draw too.
class Random {
 public:
  constexpr Random(std::uint64_t seed, Purpose purpose, std::uint32_t epoch = 0, std::uint32_t image = 0,
                   std::uint32_t view = 0)
      : key_{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)},
        counter_{0, image, epoch, (static_cast<std::uint32_t>(purpose) << 24) ^ view} {}

  /// A stream of a component that is none of biossl's own: `name` takes the place of a purpose ("byol.noise"). Names
  /// have a key space of their own, so such a stream equals none of a Purpose.
  constexpr Random(std::uint64_t seed, std::string_view name, std::uint32_t epoch = 0, std::uint32_t image = 0,
                   std::uint32_t view = 0)
      : Random(seed ^ hash_of(name), Purpose::named, epoch, image, view) {}

  /// The four words of counter k, wherever the stream stands: words 4k .. 4k+3 of a new one.
  constexpr std::array<std::uint32_t, 4> words_at(std::uint32_t k) const {
    return philox({k, counter_[1], counter_[2], counter_[3]}, key_);
  }
  /// The arguments of philox in words_at, for loops over many k; word 0 of the counter is k.
  constexpr const std::array<std::uint32_t, 2>& key() const { return key_; }
  constexpr const std::array<std::uint32_t, 4>& counter() const { return counter_; }

  constexpr std::uint32_t word() {
    if (next_ == 4) refill();
    return words_[static_cast<std::size_t>(next_++)];
  }
  /// Uniform in [0, 1), a multiple of 2^-24.
  constexpr float uniform() { return static_cast<float>(word() >> 8) * 0x1p-24F; }
  /// Uniform in [low, high). Double holds the product exactly, so that fused and separate multiply-add give the same
  /// number.
  constexpr float uniform(float low, float high) {
    return static_cast<float>(double{low} + double{high - low} * double{uniform()});
  }
  /// Uniform in [-bound, bound). Rounded once, so that fused and separate multiply-add give the same number.
  constexpr float symmetric(float bound) { return bound * (2.0F * uniform() - 1.0F); }
  /// True with probability 1/2.
  constexpr bool coin() { return (word() >> 31) != 0; }
  /// Uniform in 0 .. bound-1. Multiply-shift: the bias is below bound / 2^32.
  constexpr std::uint32_t below(std::uint32_t bound) {
    return static_cast<std::uint32_t>((std::uint64_t{word()} * bound) >> 32);
  }
  /// Standard normal (Box-Muller; one number from two words).
  constexpr float normal() {
    const float radius = std::sqrt(-2.0F * std::log(1.0F - uniform()));
    return radius * std::cos(6.28318530717958648F * uniform());
  }

  /// This stream after `words` more words.
  constexpr Random ahead(std::int64_t words) const {
    const std::int64_t word = 4 * std::int64_t{counter_[0]} - 4 + next_ + words;
    Random later = *this;
    later.counter_[0] = static_cast<std::uint32_t>(word / 4);
    later.next_ = 4;
    for (std::int64_t i = 0; i < word % 4; ++i) later.word();
    return later;
  }
  /// A new stream with another epoch and otherwise the same key.
  constexpr Random of_epoch(std::uint32_t epoch) const {
    Random other = *this;
    other.counter_[0] = 0;
    other.counter_[2] = epoch;
    other.next_ = 4;
    return other;
  }

 private:
  constexpr void refill() {
    words_ = philox(counter_, key_);
    ++counter_[0];
    next_ = 0;
  }

  std::array<std::uint32_t, 2> key_;
  std::array<std::uint32_t, 4> counter_;
  std::array<std::uint32_t, 4> words_{};
  int next_ = 4;
};

}  // namespace biossl
