#include "biossl/reproduction/reproduction_forecast.h"

#include <algorithm>

#include "biossl/core/parallel.h"
#include "biossl/core/text.h"
#include "biossl/reproduction/cost_estimate.h"

namespace biossl {
namespace {

std::string describe(const ForecastRun& run) {
  return (run.status.stage == RunStage::failed ? "failed; " : "") + place_in_run(run.status, run.epochs, "goes on ");
}

/// The remaining cost of a run whose total cost is `whole`.
ForecastRun left_of(const ReproductionRun& run, const RunCost& whole) {
  const std::int64_t epochs = run.total_epochs;
  ForecastRun left{.name = run.directory.filename(), .status = run.status(), .epochs = epochs};
  if (left.status.stage == RunStage::finished) return left;
  const double done = epochs == 0 ? 1 : static_cast<double>(left.status.epoch) / static_cast<double>(epochs);
  left.training_seconds = (1 - done) * whole.training;
  left.probe_seconds = whole.probe;
  return left;
}

std::string line(std::size_t width, const std::string& name, const std::string& state, double training, double probe) {
  const bool nothing = training + probe == 0;
  return fmt::format("{:<{}}  {:<28}  {:>12}  {:>10}\n", name, width, state, nothing ? "-" : duration(training),
                     nothing ? "-" : duration(probe));
}

}  // namespace

Forecast forecast(const Reproduction& reproduction, const ExecutionContext& context, Reporter& reporter) {
  const Progress progress = stage_progress(reporter, "measuring a few steps of every row");
  const std::int64_t rows = std::ranges::count(reproduction.rows, true, &ReproductionRow::wanted);
  std::int64_t measured = 0;
  CostEstimator estimate(context);
  Forecast forecast;
  for (const ReproductionRow& row : reproduction.rows) {
    if (!row.wanted) continue;
    const std::vector<ReproductionRun> runs = reproduction.runs(row);
    const bool missing =
        std::ranges::any_of(runs, [](const ReproductionRun& run) { return run.status().stage != RunStage::finished; });
    const RunCost cost = missing ? estimate(row.recipe) : RunCost{};
    for (const ReproductionRun& run : runs) forecast.runs.push_back(left_of(run, cost));
    progress(++measured, rows, row.recipe.name);
  }
  forecast.assumed_images = estimate.assumed_images();
  return forecast;
}

std::string to_text(const Forecast& forecast) {
  std::size_t width = 0;
  double training = 0;
  double probes = 0;
  for (const ForecastRun& run : forecast.runs) {
    width = std::max(width, run.name.size());
    training += run.training_seconds;
    probes += run.probe_seconds;
  }
  std::string text = fmt::format("{:<{}}  {:<28}  {:>12}  {:>10}\n", "run", width, "state", "training left", "probe");
  for (const ForecastRun& run : forecast.runs) {
    text += line(width, run.name, describe(run), run.training_seconds, run.probe_seconds);
  }
  text += line(width, "total", fmt::format("{} runs", forecast.runs.size()), training, probes);
  text += fmt::format("\nabout {:.1f} hours, one run after the other with {} threads, estimated from a few steps\n",
                      (training + probes) / 3600, threads());
  if (forecast.assumed_images) text += "data that is not here was taken for 50000 training and 10000 test images\n";
  return text;
}

}  // namespace biossl
