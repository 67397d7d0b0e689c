#pragma once

// What each simulated thread knows of the others, for ThreadSanitizer: with -DSIMULATED_CUDA_CLOCKS every thread is to
// it a thread of its own that has seen what others did before a barrier that they shared, and nothing else. So it
// reports what would be a race on a GPU, between threads of one block, though here they run in turn.
#if defined(SIMULATED_CUDA_CLOCKS)
#include <sanitizer/tsan_interface.h>
#endif

namespace simulated_cuda::clocks {

#if defined(SIMULATED_CUDA_CLOCKS)

inline constexpr bool kept = true;
inline void* make() { return __tsan_create_fiber(0); }
inline void* current() { return __tsan_get_current_fiber(); }
/// To be called just before stacks are switched.
inline void switch_to(void* clock, bool it_has_seen_this_one) {
  __tsan_switch_to_fiber(clock, it_has_seen_this_one ? 0 : __tsan_switch_to_fiber_no_sync);
}
/// Whoever calls take with this address afterwards has seen what was done before.
inline void give(void* address) { __tsan_release(address); }
inline void take(void* address) { __tsan_acquire(address); }

#else

inline constexpr bool kept = false;
inline void* make() { return nullptr; }
inline void* current() { return nullptr; }
inline void switch_to(void* /*clock*/, bool /*it_has_seen_this_one*/) {}
inline void give(void* /*address*/) {}
inline void take(void* /*address*/) {}

#endif

}  // namespace simulated_cuda::clocks
