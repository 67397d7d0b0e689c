#include "biossl/training/pretraining.h"

#include <utility>

#include "biossl/runs/checkpoint.h"
#include "biossl/runs/precision.h"
#include "biossl/training/trainer.h"

namespace biossl {
namespace {

/// Restores run directory and trainer to the state of the last checkpoint.
void continue_run(const RunDirectory& directory, const Recipe& recipe, Device device, Trainer& trainer,
                  Reporter& reporter) {
  directory.adopt(recipe, device);
  std::filesystem::create_directories(directory.checkpoints());
  const auto checkpoint =
      latest_checkpoint(directory.checkpoints(), [&](std::string_view line) { reporter.note(line); });
  if (checkpoint) {
    trainer.resume(*checkpoint);
    directory.add_environment(recipe, device, trainer.progress().epoch);
    reporter.note(fmt::format("going on from {}", checkpoint->path().string()));
  } else {
    reporter.note(fmt::format("{} holds no checkpoint yet; starting from the beginning", directory.path().string()));
  }
  directory.cut_metrics(trainer.progress().epoch);
  if (trainer.progress().epoch < trainer.total_epochs()) directory.remove_results();
}

}  // namespace

std::optional<RunDirectory> open_for_pretraining(const std::filesystem::path& out, bool resume) {
  if (resume && std::filesystem::exists(out)) return RunDirectory::open_alone(out);
  RunDirectory::require_free(out);
  return std::nullopt;
}

RunDirectory pretrain_in(std::optional<RunDirectory> continued, const Recipe& wanted, const ExecutionContext& place,
                         const std::filesystem::path& out, Reporter& reporter) {
  Recipe recipe = wanted;
  for (const std::string& note : recipe.notes) reporter.note(note);
  if (continued) continue_precision(recipe, read_recipe(continued->recipe_file()), place.device, reporter);
  settle_precision(recipe, place.device, reporter);
  check_precision(recipe, place.device);
  Trainer trainer(recipe, place);
  if (continued) continue_run(*continued, recipe, place.device, trainer, reporter);
  const RunDirectory directory = continued ? *continued : RunDirectory::create(out, recipe, place.device);
  trainer.run(directory, reporter);
  return directory;
}

RunDirectory pretrain(const Recipe& recipe, const ExecutionContext& place, const std::filesystem::path& out,
                      bool resume, Reporter& reporter) {
  return pretrain_in(open_for_pretraining(out, resume), recipe, place, out, reporter);
}

}  // namespace biossl
