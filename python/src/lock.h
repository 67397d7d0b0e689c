#pragma once

#include <nanobind/nanobind.h>

namespace biossl::python {

namespace nb = nanobind;

// The lock of the interpreter. Python before 3.14 ends a thread that asks for the lock while the interpreter ends, in
// the midst of whatever it does, which C++ answers by aborting the process. So the interpreter waits before it ends
// until no thread is in the engine, or in Python on behalf of it. A thread that would enter the engine meanwhile, or
// leave it, sleeps until the process is gone; one that is in the engine may still call Python, so that a run gets to
// its checkpoint. After that wait whoever asks for the lock sleeps, but for a thread of the engine's own that is not in
// Python: it throws, and so tells the one that waits for it.

/// Holds the lock for a scope. A thread may hold it already.
class Locked {
 public:
  Locked();
  Locked(const Locked&) = delete;
  Locked& operator=(const Locked&) = delete;
  ~Locked();

 private:
  bool had_lock_;
  PyGILState_STATE state_;
};

/// Gives the lock back for a scope, in which the engine computes.
class Unlocked {
 public:
  Unlocked();
  Unlocked(const Unlocked&) = delete;
  Unlocked& operator=(const Unlocked&) = delete;
  ~Unlocked();

 private:
  PyThreadState* state_;
};

/// Whether the interpreter ends and this thread is not the one that ends it. Work should stop.
bool must_stop();
/// Whether this thread is the engine's own, which Python knows only while it holds the lock.
bool is_engine_thread();
/// Whether the interpreter ends and threads of the engine's own are held up in Python for ever.
bool engine_threads_are_stuck();
/// To be called in a forked process, which has only the thread that forked.
void forget_other_threads();

}  // namespace biossl::python
