#include "biossl/training/pretraining.h"

#include <utility>

#include "biossl/core/error.h"
#include "biossl/core/file.h"
#include "biossl/core/wording.h"
#include "biossl/runs/checkpoint.h"
#include "biossl/runs/precision.h"
#include "biossl/training/trainer.h"

namespace biossl {
namespace {

/// Restores run directory and trainer to the state of the last checkpoint.
void continue_run(const RunDirectory& directory, const Recipe& recipe, Device device,
                  const std::optional<Checkpoint>& checkpoint, Trainer& trainer, Reporter& reporter) {
  const auto epochs = trainer.epochs_are_free() ? RunDirectory::Epochs::free : RunDirectory::Epochs::fixed;
  directory.require_continues(recipe, device, epochs);
  if (checkpoint) trainer.resume(*checkpoint);
  const std::int64_t epochs_before = read_recipe(directory.path()).train.epochs;
  if (epochs_before != recipe.train.epochs) {
    reporter.note(fmt::format("{} trains for {} epochs now, not {}; its earlier results are removed",
                              directory.path().string(), recipe.train.epochs, epochs_before));
  }
  directory.adopt(recipe, device, epochs);
  if (checkpoint) {
    directory.add_environment(recipe, device, trainer.progress().epoch);
    reporter.note(fmt::format("going on from {}", checkpoint->path().string()));
  } else {
    reporter.note(fmt::format("{} holds no checkpoint yet; starting from the beginning", directory.path().string()));
  }
  directory.cut_metrics(trainer.progress().epoch);
  if (trainer.progress().epoch < trainer.total_epochs()) directory.remove_results();
}

/// The newest checkpoint of a continued run.
std::optional<Checkpoint> last_checkpoint(const std::optional<RunDirectory>& continued, Reporter& reporter) {
  if (!continued) return std::nullopt;
  std::filesystem::create_directories(continued->checkpoints());
  return latest_checkpoint(continued->checkpoints(), [&](std::string_view line) { reporter.note(line); });
}

/// The checkpoint that a new run starts from; std::nullopt where the recipe names none.
std::optional<Checkpoint> starting_point(const Recipe& recipe, Reporter& reporter) {
  if (recipe.train.from.empty()) return std::nullopt;
  return open_checkpoint(recipe.train.from, [&](std::string_view line) { reporter.note(line); });
}

void note_start(const Checkpoint& start, const Trainer& trainer, Reporter& reporter) {
  const std::vector<std::string>& anew = trainer.drawn_anew();
  reporter.note(fmt::format("starting with the weights in {}{}", start.path().string(),
                            anew.empty() ? "" : "; drawn anew: " + fmt::format("{}", fmt::join(anew, ", "))));
}

}  // namespace

void require_run_to_continue(const std::filesystem::path& out) {
  if (!is_there(out)) {
    bad_input("there is no run in {} to go on with; leave {} out to start one", out.string(), wording::flag("resume"));
  }
  RunDirectory::open(out);
}

std::optional<RunDirectory> open_for_pretraining(const std::filesystem::path& out, bool resume) {
  if (resume && !RunDirectory::is_free(out)) return RunDirectory::open_alone(out);
  RunDirectory::require_free(out);
  return std::nullopt;
}

RunDirectory pretrain_in(std::optional<RunDirectory> continued, const Recipe& wanted, const ExecutionContext& context,
                         const std::filesystem::path& out, Reporter& reporter) {
  Recipe recipe = wanted;
  for (const std::string& note : recipe.notes) reporter.note(note);
  if (continued) continue_precision(recipe, read_recipe(continued->path()), context.device, reporter);
  settle_precision(recipe, context.device, reporter);
  Reporter quiet;  // whether a probe follows is not known here
  settle_probe_precision(recipe, context.device, quiet);
  check_precision(recipe, context.device);
  const std::optional<Checkpoint> last = last_checkpoint(continued, reporter);
  const std::optional<Checkpoint> start = last ? std::nullopt : starting_point(recipe, reporter);
  Trainer trainer(recipe, context, start ? &*start : nullptr);
  if (start) note_start(*start, trainer, reporter);
  if (continued) continue_run(*continued, recipe, context.device, last, trainer, reporter);
  const RunDirectory directory = continued ? *continued : RunDirectory::create(out, recipe, context.device);
  trainer.run(directory, reporter);
  return directory;
}

RunDirectory pretrain(const Recipe& recipe, const ExecutionContext& context, const std::filesystem::path& out,
                      bool resume, Reporter& reporter) {
  return pretrain_in(open_for_pretraining(out, resume), recipe, context, out, reporter);
}

}  // namespace biossl
