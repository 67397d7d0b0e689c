#include "src/lock.h"

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <thread>

#include "src/module.h"

namespace biossl::python {
namespace {

using std::chrono::steady_clock;

/// For a checkpoint, or the Python code that a component is in.
constexpr std::chrono::seconds longest_wait{10};

std::atomic<bool> ending = false;
std::thread::id ending_thread;   // written before `ending`
std::atomic<int> computing = 0;  // threads in the engine
thread_local int depth = 0;      // of scopes without the lock around this place
/// A thread of Python comes here with the lock, one of the engine's own without.
thread_local bool has_lock = PyGILState_GetThisThreadState() != nullptr;

[[noreturn]] void sleep_to_the_end() {
  --computing;
  for (;;) std::this_thread::sleep_for(std::chrono::hours(1));
}

/// Runs when the interpreter begins to end.
void wait_for_engine() {
  // Daemon threads keep what they hold.
  if (nb::cast<int>(nb::module_::import_("threading").attr("active_count")()) > 1) nb::set_leak_warnings(false);
  ending_thread = std::this_thread::get_id();
  ending = true;
  const nb::gil_scoped_release unlocked;
  const auto last = steady_clock::now() + longest_wait;
  while (computing > 0 && steady_clock::now() < last) std::this_thread::sleep_for(std::chrono::milliseconds(2));
}

}  // namespace

Locked::Locked() : had_lock_(has_lock) {
  if (!had_lock_ && must_stop()) {
    // A thread of the engine's own tells the one that waits for it.
    if (depth == 0) throw std::runtime_error("the interpreter ends");
    sleep_to_the_end();
  }
  state_ = PyGILState_Ensure();
  has_lock = true;
}

Locked::~Locked() {
  PyGILState_Release(state_);
  has_lock = had_lock_;
}

Unlocked::Unlocked() {
  if (depth++ == 0) ++computing;
  has_lock = false;
  state_ = PyEval_SaveThread();
  if (must_stop()) sleep_to_the_end();
}

Unlocked::~Unlocked() {
  if (must_stop()) sleep_to_the_end();
  PyEval_RestoreThread(state_);
  has_lock = true;
  if (--depth == 0) --computing;
}

bool must_stop() { return ending && std::this_thread::get_id() != ending_thread; }

void forget_other_threads() { computing = depth > 0 ? 1 : 0; }

void bind_lock(nb::module_& /*module*/) {
  nb::module_::import_("atexit").attr("register")(nb::cpp_function(&wait_for_engine));
}

}  // namespace biossl::python
