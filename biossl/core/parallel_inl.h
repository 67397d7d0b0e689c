#pragma once

#include <algorithm>
#include <exception>

#include "biossl/core/parallel.h"

namespace biossl {

template <class Body>
void parallel_for(std::int64_t count, std::int64_t grain, const Body& body) {
  const std::int64_t grains = (count + grain - 1) / grain;
  const std::int64_t pieces = std::min<std::int64_t>(grains, threads());
  if (pieces <= 1) {
    if (count > 0) body(std::int64_t{0}, count);
    return;
  }
  std::exception_ptr thrown;
  // All threads enter, also those without a piece: OpenMP would end unused threads and start them again for the next
  // loop.
#pragma omp parallel for schedule(static, 1)
  for (std::int64_t piece = 0; piece < pieces; ++piece) {
    const std::int64_t begin = grains * piece / pieces * grain;
    const std::int64_t end = std::min(count, grains * (piece + 1) / pieces * grain);
    try {
      body(begin, end);
    } catch (...) {
#pragma omp critical(biossl_parallel_for)
      thrown = std::current_exception();
    }
  }
  if (thrown) std::rethrow_exception(thrown);
}

}  // namespace biossl
