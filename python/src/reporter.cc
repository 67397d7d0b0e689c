#include "src/reporter.h"

#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>

#include <algorithm>
#include <csignal>
#include <vector>

#include "biossl/runs/run_directory.h"
#include "src/lock.h"

namespace biossl::python {
namespace {

constexpr double seconds_between_calls = 0.1;

/// By name, all of them: what is not known is None, or empty.
nb::dict dict_of(const auto& record);

nb::object object_of(const auto& value) { return nb::cast(value); }
nb::object object_of(const std::vector<Health>& value) {
  nb::list entries;
  for (const Health& health : value) entries.append(dict_of(health));
  return entries;
}

nb::dict dict_of(const auto& record) {
  nb::dict values;
  visit_fields(record,
               [&](const char* name, const auto& value, Presence /*presence*/) { values[name] = object_of(value); });
  return values;
}

}  // namespace

PythonReporter::~PythonReporter() {
  const Locked lock;
  target_.reset();
}

/// Ctrl-C in the midst of a call stops the run as it does elsewhere. Needs the lock.
template <class... Args>
void PythonReporter::tell(const char* method, const Args&... args) {
  try {
    target_.attr(method)(args...);
  } catch (nb::python_error& error) {
    if (!error.matches(PyExc_KeyboardInterrupt)) throw;
    stop_ = true;
  }
}

void PythonReporter::note(std::string_view line) {
  if (must_stop()) return;
  const Locked lock;
  tell("note", line);
}

void PythonReporter::batch(const BatchReport& report) {
  if (must_stop()) return;
  if (since_batch_.seconds() < seconds_between_calls) return;
  since_batch_.restart();
  const Locked lock;
  const double speed = static_cast<double>(report.images) / std::max(report.seconds, 1e-9);
  tell("batch", report.epoch, report.epochs, report.stage, report.batch, report.batches, report.loss, speed);
}

void PythonReporter::epoch(const EpochMetrics& metrics, std::int64_t epochs) {
  if (must_stop()) return;
  const Locked lock;
  tell("epoch", dict_of(metrics), epochs);
}

void PythonReporter::stage(std::string_view name, std::int64_t done, std::int64_t total, std::string_view text) {
  if (must_stop()) return;
  const bool is_new = stage_name_ != name;
  if (!is_new && done < total && since_batch_.seconds() < seconds_between_calls) return;
  stage_name_ = name;
  since_batch_.restart();
  const Locked lock;
  tell("stage", name, done, total, text);
}

int PythonReporter::stop_signal() {
  if (stop_ || must_stop()) return SIGINT;
  if (since_look_.seconds() < seconds_between_calls) return 0;
  since_look_.restart();
  const Locked lock;
  if (PyErr_CheckSignals() == 0) return 0;
  if (PyErr_ExceptionMatches(PyExc_KeyboardInterrupt) == 0) throw nb::python_error();
  PyErr_Clear();
  stop_ = true;
  return SIGINT;
}

}  // namespace biossl::python
