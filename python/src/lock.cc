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

std::atomic<bool> ending = false;    // nothing new begins
std::atomic<bool> is_over = false;   // nothing calls Python
std::thread::id ending_thread;       // written before `ending`
std::atomic<int> python_inside = 0;  // threads of Python's in the engine
std::atomic<int> engine_inside = 0;  // of the engine's own in Python
std::atomic<int> engine_asleep = 0;  // of the engine's own that sleep to the end
thread_local int depth = 0;          // of scopes around this place
/// A thread of Python comes here with the lock, one of the engine's own without.
thread_local const bool is_of_python = PyGILState_GetThisThreadState() != nullptr;
thread_local bool has_lock = is_of_python;

std::atomic<int>& its_kind_inside() { return is_of_python ? python_inside : engine_inside; }

/// Comes before a look at `ending` and `is_over`, so that whoever sets them and then counts misses no thread.
void enter() {
  if (depth++ == 0) ++its_kind_inside();
}

void leave() {
  if (--depth == 0) --its_kind_inside();
}

/// Whether this thread, in a scope, goes no further.
bool must_end() {
  const bool is_outermost = depth == 1 && is_of_python;
  return must_stop() && (is_outermost || is_over);
}

[[noreturn]] void sleep_to_the_end() {
  if (!is_of_python) ++engine_asleep;
  --its_kind_inside();
  for (;;) std::this_thread::sleep_for(std::chrono::hours(1));
}

template <class Condition>
void wait_while(steady_clock::time_point last, const Condition& condition) {
  while (condition() && steady_clock::now() < last) std::this_thread::sleep_for(std::chrono::milliseconds(2));
}

void wait_for_engine() {
  ending_thread = std::this_thread::get_id();
  ending = true;
  {
    const nb::gil_scoped_release unlocked;
    const auto last = steady_clock::now() + longest_wait;
    wait_while(last, [] { return python_inside > 0; });
    is_over = true;
    wait_while(last, [] { return python_inside > 0 || engine_inside > 0; });
  }
  // Daemon threads keep what they hold, and so do threads of the engine's own that are stuck.
  const auto threads = nb::cast<int>(nb::module_::import_("threading").attr("active_count")());
  if (threads > 1 || engine_threads_are_stuck()) nb::set_leak_warnings(false);
}

}  // namespace

Locked::Locked() : had_lock_(has_lock) {
  enter();
  if (must_end()) {
    if (depth == 1 && !is_of_python) {
      leave();
      throw std::runtime_error("the interpreter ends");
    }
    if (had_lock_) PyEval_SaveThread();
    sleep_to_the_end();
  }
  state_ = PyGILState_Ensure();
  has_lock = true;
}

Locked::~Locked() {
  PyGILState_Release(state_);
  has_lock = had_lock_;
  leave();
}

Unlocked::Unlocked() {
  enter();
  has_lock = false;
  state_ = PyEval_SaveThread();
  if (must_end()) sleep_to_the_end();
}

Unlocked::~Unlocked() {
  if (must_end()) sleep_to_the_end();
  PyEval_RestoreThread(state_);
  has_lock = true;
  leave();
}

bool must_stop() { return ending && std::this_thread::get_id() != ending_thread; }

bool is_engine_thread() { return !is_of_python; }

bool engine_threads_are_stuck() { return ending && engine_inside + engine_asleep > 0; }

void forget_other_threads() {
  python_inside = engine_inside = engine_asleep = 0;
  if (depth > 0) ++its_kind_inside();
}

void bind_lock(nb::module_& module) {
  module.def("wait_for_engine", &wait_for_engine, "To be called when the interpreter begins to end.");
}

}  // namespace biossl::python
