#include <algorithm>
#include <array>

#include "biossl/backend/backend.h"
#include "biossl/backend/cpu/elements.h"
#include "biossl/backend/shared/normal.h"
#include "biossl/core/parallel.h"

namespace biossl::cpu::BIOSSL_LEVEL {
namespace {

/// The number of counters computed together, and of the normal numbers that they give.
constexpr std::size_t lanes = 16;
constexpr std::int64_t chunk = 4 * lanes;

/// philox of counters first .. first+15, as vectors: words[j][lane] is word j of counter first + lane.
void philox_lanes(const Random& stream, std::uint32_t first, std::array<std::array<std::uint32_t, lanes>, 4>& words) {
  const std::array<std::uint32_t, 4>& counter = stream.counter();
  for (std::size_t lane = 0; lane < lanes; ++lane) {
    words[0][lane] = first + static_cast<std::uint32_t>(lane);
    for (std::size_t j = 1; j < 4; ++j) words[j][lane] = counter[j];
  }
  std::array<std::uint32_t, 2> key = stream.key();
  for (int round = 0; round < 10; ++round) {
#pragma omp simd
    for (std::size_t lane = 0; lane < lanes; ++lane) {
      const std::uint64_t p0 = std::uint64_t{0xD2511F53U} * words[0][lane];
      const std::uint64_t p1 = std::uint64_t{0xCD9E8D57U} * words[2][lane];
      words[0][lane] = static_cast<std::uint32_t>(p1 >> 32) ^ words[1][lane] ^ key[0];
      words[1][lane] = static_cast<std::uint32_t>(p1);
      words[2][lane] = static_cast<std::uint32_t>(p0 >> 32) ^ words[3][lane] ^ key[1];
      words[3][lane] = static_cast<std::uint32_t>(p0);
    }
    key = {key[0] + 0x9E3779B9U, key[1] + 0xBB67AE85U};
  }
}

/// The normal numbers of elements 64 k .. 64 k + 63.
void draw_chunk(const Random& stream, std::int64_t k, std::array<float, chunk>& normal) {
  std::array<std::array<std::uint32_t, lanes>, 4> words;
  philox_lanes(stream, static_cast<std::uint32_t>(k * static_cast<std::int64_t>(lanes)), words);
#pragma omp simd
  for (std::size_t lane = 0; lane < lanes; ++lane) {
    const auto low = shared::normal_pair(words[0][lane], words[1][lane]);
    const auto high = shared::normal_pair(words[2][lane], words[3][lane]);
    normal[4 * lane] = low.first;
    normal[4 * lane + 1] = low.second;
    normal[4 * lane + 2] = high.first;
    normal[4 * lane + 3] = high.second;
  }
}

}  // namespace

void add_noise(const Random& stream, double spread, const Tensor& src, Tensor& dst) {
  const auto by = static_cast<float>(spread);
  with_type(src, [&](auto zero) {
    using T = decltype(zero);
    const T* from = src.data<T>();
    T* to = dst.data<T>();
    parallel_for(dst.size(), element_grain, [&](std::int64_t begin, std::int64_t end) {
      std::array<float, chunk> normal;
      for (std::int64_t first = begin; first < end; first += chunk) {  // begin is a multiple of element_grain
        draw_chunk(stream, first / chunk, normal);
        const std::int64_t count = std::min(chunk, end - first);
#pragma omp simd
        for (std::int64_t i = 0; i < count; ++i) {
          store(static_cast<float>(from[first + i]) + by * normal[static_cast<std::size_t>(i)], to[first + i]);
        }
      }
    });
  });
}

}  // namespace biossl::cpu::BIOSSL_LEVEL
