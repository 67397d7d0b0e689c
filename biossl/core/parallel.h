#pragma once

#include <cstdint>

namespace biossl {

constexpr int most_threads = 4096;

/// The threads that every parallel loop of this process uses from now on, and every primitive that is made from now on;
/// what computed before may keep some made for another number. Fewer where OpenMP grants fewer (OMP_THREAD_LIMIT,
/// OMP_MAX_ACTIVE_LEVELS=0). Throws std::invalid_argument for a number below 1.
void set_threads(int threads);
/// No more than OpenMP grants, from the start on: oneDNN's primitives wait for every thread that this number promises.
int threads();

/// Runs body(begin, end) on disjoint pieces of [0, count), one a thread, piece boundaries at multiples of `grain`. The
/// pieces depend on count, grain and threads() only. An exception thrown in a piece is thrown again here.
template <class Body>
void parallel_for(std::int64_t count, std::int64_t grain, const Body& body);

}  // namespace biossl

#include "biossl/core/parallel_inl.h"
