#pragma once

#include <nanobind/nanobind.h>

namespace biossl::python {

namespace nb = nanobind;

// The lock of the interpreter. Python before 3.14 ends a thread that asks for the lock while the interpreter ends, in
// the midst of whatever it does, which C++ answers by aborting the process. So the interpreter waits before it ends
// until no thread is in the engine: one that asks for the lock from then on, or gives it back, sleeps until the process
// is gone.

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

/// Whether the interpreter ends and this thread is not the one that ends it. Work should stop, without the lock.
bool must_stop();
/// To be called in a forked process, which has only the thread that forked.
void forget_other_threads();

}  // namespace biossl::python
