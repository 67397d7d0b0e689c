#pragma once

#include <nanobind/nanobind.h>

#include "biossl/core/stopwatch.h"
#include "biossl/runs/reporter.h"

namespace biossl::python {

namespace nb = nanobind;

/// Tells a Python object of a run's progress: note(line), batch(epoch, epochs, stage, batch, batches, loss,
/// images_per_second), epoch(metrics: dict, epochs), stage(name, done, total, text). The run itself is without the lock
/// of the interpreter; the object is called with it, some times a second. Ctrl-C asks the run to stop, whether it comes
/// to a signal's handler or within a call of the object. Any other exception ends the run at once, without a
/// checkpoint, and passes through.
class PythonReporter final : public Reporter {
 public:
  explicit PythonReporter(nb::object target) : target_(std::move(target)) {}
  ~PythonReporter() override;

  void note(std::string_view line) override;
  void batch(const BatchReport& report) override;
  void epoch(const EpochMetrics& metrics, std::int64_t epochs) override;
  void stage(std::string_view name, std::int64_t done, std::int64_t total, std::string_view text) override;
  int stop_signal() override;

 private:
  template <class... Args>
  void tell(const char* method, const Args&... args);

  nb::object target_;
  Stopwatch since_batch_, since_look_;
  std::string stage_name_;
  bool stop_ = false;
};

}  // namespace biossl::python
