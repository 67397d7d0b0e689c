#include "biossl/training/experiment.h"

#include <utility>

#include "biossl/core/memory_use.h"
#include "biossl/runs/precision.h"
#include "biossl/training/pretraining.h"
#include "biossl/training/results.h"

namespace biossl {

ProbedRun pretrain_and_probe(const Recipe& unsettled, const ExecutionContext& context, const std::filesystem::path& out,
                             bool resume, Reporter& reporter) {
  Recipe wanted = unsettled;
  // Check first what could fail after hours of training.
  std::optional<RunDirectory> continued = open_for_pretraining(out, resume);
  require_images(wanted, context);
  settle_probe_precision(wanted, context.device, reporter);
  restart_peak_memory();
  RunDirectory directory = pretrain_in(std::move(continued), wanted, context, out, reporter);
  Recipe recipe = read_recipe(directory.path());
  const auto note = [&](std::string_view line) { reporter.note(line); };
  ProbeReport report = probe(open_checkpoint(directory.path(), note), recipe, context, reporter);
  return {.directory = std::move(directory), .recipe = std::move(recipe), .report = std::move(report)};
}

ProbeReport run_experiment(const Recipe& recipe, const ExecutionContext& context, const std::filesystem::path& out,
                           bool resume, Reporter& reporter) {
  const ProbedRun run = pretrain_and_probe(recipe, context, out, resume, reporter);
  write_results(run.directory, run.recipe, run.report);
  return run.report;
}

}  // namespace biossl
