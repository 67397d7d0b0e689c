#include "src/process.h"

#include <nanobind/stl/string.h>

#include <atomic>
#include <mutex>

#include "biossl/core/accelerator.h"
#include "biossl/core/memory_limits.h"
#include "biossl/core/onednn.h"
#include "biossl/core/parallel.h"
#include "biossl/core/thread_limits.h"
#include "biossl/runs/environment.h"
#include "src/lock.h"
#include "src/module.h"

namespace biossl::python {
namespace {

std::mutex starting;  // not taken by after_fork: a thread of the process before may have held it
std::atomic<bool> started = false;
bool forked = false;  // from a process that had started its threads, which do not survive that
bool told = false;

/// OpenMP would wait for threads that are not there, so a forked process computes with its only one.
void after_fork() {
  forget_other_threads();
  if (!started || threads() == 1) return;
  set_threads(1);
  forked = true;
  told = false;
}

void tell_of_fork() {
  if (!forked || told) return;
  told = true;
  const Locked lock;
  constexpr const char* text =
      "this process was forked from one that computes, so it has one thread; "
      "multiprocessing.get_context(\"spawn\") gives processes with all of them";
  if (PyErr_WarnEx(PyExc_RuntimeWarning, text, 1) != 0) throw nb::python_error();
}

void set_number_of_threads(int wanted) {
  check(wanted >= 1 && wanted <= most_threads, "set_threads", "{} threads; from 1 to {}", wanted, most_threads);
  check(!forked || wanted == 1, "set_threads",
        "a process that was forked from one that computes has one thread; start it with spawn instead of fork");
  const std::lock_guard lock(starting);
  start_threads(wanted);
  started = true;
}

}  // namespace

void start_computing() {
  tell_of_fork();
  if (started) return;
  const std::lock_guard lock(starting);
  if (started) return;
  check_onednn();
  start_threads(default_threads());
  require_memory_for_libraries();
  started = true;
}

ExecutionContext context_of(const std::filesystem::path& data, const std::string& device) {
  start_computing();
  ExecutionContext context{.data = data, .device = device_named(device)};
  if (context.device == Device::cuda) accelerator::require();
  return context;
}

void warn(std::string_view line) {
  const Locked lock;
  constexpr int caller = 2;  // frames up
  if (PyErr_WarnEx(PyExc_UserWarning, std::string(line).c_str(), caller) != 0) throw nb::python_error();
}

void bind_process(nb::module_& module) {
  module.def("version", &program_version, "Version, commit and libraries, as `biossl --version` prints them.");
  module.def("after_fork", &after_fork, "To be called in a forked process.");
  module.def("set_threads", &set_number_of_threads, nb::arg("threads"),
             "Sets the number of threads that everything from now on computes with.");
  module.def(
      "get_threads",
      [] {
        start_computing();
        return threads();
      },
      "Number of threads that are computed with: those set, else OMP_NUM_THREADS, else all processors of this "
      "process.");
}

}  // namespace biossl::python
