#include "biossl/runs/run_status.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "biossl/core/file.h"
#include "biossl/core/text.h"
#include "biossl/io/json_text.h"
#include "biossl/runs/checkpoint.h"
#include "biossl/runs/run_directory.h"

namespace biossl {
namespace {

using Json = nlohmann::json;

/// "unknown machine, commit unknown" if the file is missing or damaged.
std::string read_machine(const RunDirectory& directory) {
  try {
    const Json environment = parse_json(read_file(directory.environment_file()));
    const std::string cpu = environment.at("cpu");
    const std::int64_t threads = environment.at("threads");
    std::string device = environment.at("device");
    if (environment.contains("gpu")) device += fmt::format(" ({})", environment.at("gpu").get<std::string>());
    const std::string commit = environment.at("commit");
    return fmt::format("{}, {} {}, device {}, commit {}", cpu, threads, threads == 1 ? "thread" : "threads", device,
                       commit);
  } catch (const std::exception&) {
    return "unknown machine, commit unknown";
  }
}

/// Whether every layer recorded the feedback path that the recipe asks for.
bool used_path(const Json& summary, const std::string& feedback) {
  return std::ranges::all_of(summary.at("layers"), [&](const Json& layer) { return layer.at("feedback") == feedback; });
}

/// std::nullopt if the results are missing, damaged or of another run.
std::optional<RunOutcome> read_outcome(const RunDirectory& directory, const Recipe& recipe, std::int64_t total_epochs) {
  try {
    const Json summary = parse_json(read_file(directory.summary_file()));
    const Json& training = summary.at("pretrain");
    const Json& probe = summary.at("probe");
    const RunOutcome outcome{.test_accuracy = probe.at("test_accuracy"),
                             .train_accuracy = probe.at("train_accuracy"),
                             .chance = summary.at("chance"),
                             .seconds = training.at("seconds"),
                             .images_per_second = training.at("images_per_second"),
                             .peak_memory_bytes = summary.value("peak_device_memory_bytes",
                                                                summary.at("peak_memory_bytes").get<std::int64_t>()),
                             .machine = read_machine(directory)};
    const bool possible = outcome.test_accuracy >= 0 && outcome.test_accuracy <= 1;
    const bool same = summary.at("seed") == recipe.seed && probe.at("epochs") == recipe.probe.epochs;
    const bool trained = training.at("epochs") == total_epochs;  // otherwise probed before the end
    return possible && same && trained && used_path(summary, recipe.feedback.kind) ? std::optional(outcome)
                                                                                   : std::nullopt;
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

std::int64_t epochs_done(const RunDirectory& directory) {
  try {
    const auto checkpoint = latest_checkpoint(directory.checkpoints(), [](std::string_view) {});
    return checkpoint ? checkpoint->progress().epoch : 0;
  } catch (const std::exception&) {
    return 0;  // continuing the run reports it
  }
}

}  // namespace

std::string_view name_of(RunStage stage) {
  constexpr std::string_view names[] = {"to do", "begun", "failed", "finished"};
  return names[static_cast<std::size_t>(stage)];
}

std::string place_in_run(const RunStatus& run, std::int64_t epochs, std::string_view lead) {
  const bool is_under_way = run.stage == RunStage::begun || run.stage == RunStage::failed;
  if (!is_under_way) return std::string(name_of(run.stage));
  return run.epoch < epochs ? fmt::format("{}at epoch {} of {}", lead, run.epoch, epochs) : "to be probed";
}

RunStatus read_status(const std::filesystem::path& directory, const Recipe& recipe, std::int64_t total_epochs) {
  RunStatus status{
      .seed = recipe.seed, .stage = RunStage::to_do, .epoch = 0, .failure = read_failure(directory), .outcome = {}};
  if (std::filesystem::is_regular_file(directory / "recipe.toml")) {
    const RunDirectory run = RunDirectory::open(directory);
    status.stage = RunStage::begun;
    status.epoch = epochs_done(run);
    status.outcome = read_outcome(run, recipe, total_epochs);
  }
  if (!status.failure.empty()) status.stage = RunStage::failed;
  if (status.outcome) {
    status.stage = RunStage::finished;
    status.failure.clear();
  }
  return status;
}

}  // namespace biossl
