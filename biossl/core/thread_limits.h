#pragma once

#include <filesystem>

namespace biossl {

/// Number of processors that this process may use at a time: those of its affinity mask (taskset, cpusets), or the
/// quota of its control groups, rounded up, if that is lower. `root` is put in front of the kernel's files.
int available_processors(const std::filesystem::path& root = "/");

/// The default number of threads: the first number in OMP_NUM_THREADS, or available_processors() if it is not set or no
/// number; at most OMP_THREAD_LIMIT.
int default_threads();

/// Calls set_threads() and starts these threads: as many as OpenMP grants and the system starts, which may be fewer
/// (OMP_THREAD_LIMIT; limits of processes and memory). threads() is the number that started. Call it before the first
/// parallel loop: OpenMP ends the program if a thread cannot be started.
void start_threads(int threads);

}  // namespace biossl
