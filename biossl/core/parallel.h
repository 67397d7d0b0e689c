#pragma once

#include <cstdint>

namespace biossl {

constexpr int most_threads = 4096;

/// Sets the number of threads for every parallel loop and every primitive made from now on. Primitives that exist may
/// keep their number. The number is lower if OpenMP grants fewer threads (OMP_THREAD_LIMIT, OMP_MAX_ACTIVE_LEVELS=0).
/// Throws std::invalid_argument below 1.
void set_threads(int threads);
/// Number of threads; never more than OpenMP grants, because oneDNN's primitives wait for every promised thread.
int threads();

/// Runs body(begin, end) on disjoint pieces of [0, count), one a thread. Piece boundaries are multiples of `grain`. The
/// pieces depend on count, grain and threads() only. An exception thrown in a piece is rethrown here.
template <class Body>
void parallel_for(std::int64_t count, std::int64_t grain, const Body& body);

}  // namespace biossl

#include "biossl/core/parallel_inl.h"
