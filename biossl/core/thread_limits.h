#pragma once

#include <filesystem>

namespace biossl {

/// Processors that this process may compute on at a time: those that it is bound to (taskset, cpusets), or fewer where
/// a control group has a quota, rounded up. `root` stands before the kernel's files.
int available_processors(const std::filesystem::path& root = "/");

/// The number of threads where nobody asks for one: OMP_NUM_THREADS, the first of a list; where it is not set or no
/// number, available_processors(); no more than OMP_THREAD_LIMIT.
int default_threads();

/// set_threads(), and these threads are started: as many of them as OpenMP grants and as the system starts, which may
/// be fewer (OMP_THREAD_LIMIT; limits of processes and memory). OpenMP ends a program whose threads cannot be started,
/// so that this is to be tried before. The number is threads().
void start_threads(int threads);

}  // namespace biossl
