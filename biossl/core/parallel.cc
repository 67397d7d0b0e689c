#include "biossl/core/parallel.h"

#include <omp.h>

#include "biossl/core/error.h"

namespace biossl {

void set_threads(int threads) {
  check(threads >= 1, "threads", "{} threads; at least 1 is needed", threads);
  omp_set_dynamic(0);
  omp_set_num_threads(threads);
}

int threads() { return omp_get_max_threads(); }

}  // namespace biossl
