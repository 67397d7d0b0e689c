#include "biossl/core/parallel.h"

#include <omp.h>

#include <algorithm>

#include "biossl/core/error.h"

namespace biossl {
namespace {

int granted(int threads) { return omp_get_max_active_levels() < 1 ? 1 : std::min(threads, omp_get_thread_limit()); }

/// OpenMP's initial number may exceed what it grants later, and oneDNN relies on it.
const bool granted_from_the_start = [] {
  omp_set_dynamic(0);
  omp_set_num_threads(granted(omp_get_max_threads()));
  return true;
}();

}  // namespace

void set_threads(int threads) {
  check(threads >= 1, "threads", "{} threads; at least 1 is needed", threads);
  omp_set_dynamic(0);
  omp_set_num_threads(granted(threads));
}

int threads() { return omp_get_max_threads(); }

}  // namespace biossl
