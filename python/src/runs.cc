#include <nanobind/stl/filesystem.h>
#include <nanobind/stl/string.h>

#include "biossl/recipe/recipe.h"
#include "biossl/runs/run_directory.h"
#include "biossl/training/experiment.h"
#include "biossl/training/pretraining.h"
#include "biossl/training/results.h"
#include "src/lock.h"
#include "src/module.h"
#include "src/process.h"
#include "src/reporter.h"

namespace biossl::python {
namespace {

/// Pretrains, or pretrains and probes, into a run directory.
template <class Job>
void perform(const Recipe& recipe, const std::filesystem::path& data, const std::string& device, nb::object target,
             const Job& job) {
  PythonReporter reporter(std::move(target));
  const Unlocked unlocked;
  ExecutionContext context = context_of(data, device);
  context.progress = stage_progress(reporter, "reading images");
  context.note = [&](std::string_view line) { reporter.note(line); };
  job(recipe, context, reporter);
}

void run(const Recipe& recipe, const std::filesystem::path& out, const std::filesystem::path& data,
         const std::string& device, bool resume, nb::object target) {
  perform(recipe, data, device, std::move(target),
          [&](const Recipe& of, const ExecutionContext& at, Reporter& reporter) {
            run_experiment(of, at, out, resume, reporter);
          });
}

void pretrain_only(const Recipe& recipe, const std::filesystem::path& out, const std::filesystem::path& data,
                   const std::string& device, bool resume, nb::object target) {
  perform(recipe, data, device, std::move(target),
          [&](const Recipe& of, const ExecutionContext& at, Reporter& reporter) {
            pretrain(of, at, out, resume, reporter);
          });
}

}  // namespace

void bind_runs(nb::module_& module) {
  const auto add = [&](const char* name, auto function, const char* doc) {
    module.def(name, function, nb::arg("recipe"), nb::arg("out"), nb::arg("data"), nb::arg("device"), nb::arg("resume"),
               nb::arg("reporter"), doc);
  };
  add("run", &run, "Pretrains, probes and writes the results.");
  add("pretrain", &pretrain_only, "Pretrains into a run directory.");
  module.def(
      "summary_without_probe",
      [](const std::filesystem::path& run) { return summary_without_probe(RunDirectory::open(run), warn); },
      nb::arg("run"), "What there is to say of a run that no probe has judged, as JSON.");
  module.def("require_run_to_continue", &require_run_to_continue, nb::arg("out"), "BadInput unless there is a run.");
  module.def("usual_path", &RunDirectory::usual_path, nb::arg("recipe"), "runs/NAME-seedN");
}

}  // namespace biossl::python
