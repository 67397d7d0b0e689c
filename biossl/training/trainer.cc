#include "biossl/training/trainer.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "biossl/core/accelerator.h"
#include "biossl/core/wording.h"
#include "biossl/ops/ops.h"
#include "biossl/recipe/absent.h"
#include "biossl/runs/precision.h"
#include "biossl/runs/run_differences.h"
#include "biossl/training/health_warning.h"

namespace biossl {
namespace {

/// A GPU's work is queued ahead. Reading the loss waits until it is done.
constexpr double seconds_between_looks = 1;

/// there: number of images, or of pairs that can be made of them.
void require_a_batch(const Recipe& recipe, std::int64_t there, std::string_view what) {
  if (recipe.train.batch <= there) return;
  if (there == 1) bad_input("recipe '{}': one of {} is too few to learn from; give more", recipe.name, what);
  bad_input("recipe '{}': train.batch = {} is larger than the data, {} {} of {}; lower it: {}", recipe.name,
            recipe.train.batch, there, what, recipe.data.pretrain,
            wording::setting("train.batch", fmt::format("{}", there)));
}

/// The images to learn from, of a recipe that can be trained on this device.
std::unique_ptr<Dataset> open_checked_images(const Recipe& recipe, const ExecutionContext& context) {
  require_registered(recipe);
  check_precision(recipe, context.device);
  check_views_device(recipe, context.device);
  auto images = open_pretraining_images(recipe, context);
  require_a_batch(recipe, images->size(), "images");
  return images;
}

/// The blocks' weights are there before the rule is made, since a loss may copy them (SlowCopy).
std::unique_ptr<Network> make_started_network(const Recipe& recipe, const Shape& image, Device device,
                                              const Checkpoint* start) {
  auto network = make_network(recipe, image, device);
  if (start != nullptr) start->start(*network);
  return network;
}

Schedule make_schedule(const Recipe& recipe, std::int64_t epochs, std::int64_t batches) {
  const std::int64_t steps = epochs * batches;
  const double warmup = std::round(recipe.train.warmup_epochs * static_cast<double>(batches));
  // Before it becomes a whole number, which may be too small for it.
  if (warmup > static_cast<double>(steps)) {
    bad_input("recipe '{}': a warm-up of train.warmup_epochs = {} does not fit into {} {}; lower it: {}", recipe.name,
              recipe.train.warmup_epochs, epochs, epochs == 1 ? "epoch" : "epochs",
              wording::setting("train.warmup_epochs", std::to_string(epochs)));
  }
  return blaming_recipe(recipe, [&] {
    return Schedule(recipe.train.schedule, recipe.train.learning_rate, steps, static_cast<std::int64_t>(warmup));
  });
}

std::unique_ptr<Views> make_views(const Recipe& recipe, const Dataset& images, Device device) {
  return blaming_recipe(recipe, [&] {
    const ViewSource source{.dataset = images, .seed = recipe.seed, .batch = recipe.train.batch, .device = device};
    return ViewsRegistry::instance().make(recipe.views.kind, recipe.views.settings, source);
  });
}

BatchSampler make_sampler(const Recipe& recipe, const Dataset& images, const Views& views, Device device) {
  const std::span<const std::int32_t> chosen = views.images();
  if (chosen.empty()) return {recipe.seed, images.size(), recipe.train.batch, device};
  require_a_batch(recipe, std::ssize(chosen), "pairs");
  return {recipe.seed, chosen, recipe.train.batch, device};
}

/// The label of every image if the loss reads labels; otherwise empty.
Tensor labels_for(const Recipe& recipe, const Network& network, const Dataset& images, Device device) {
  const auto loss = trial_loss(recipe);
  if (loss->reads_labels() && !images.is_labelled()) {
    bad_input("recipe '{}': loss {} reads labels, and {} has none; choose another loss or another data.pretrain",
              recipe.name, recipe.loss.kind, recipe.data.pretrain);
  }
  const auto classes = static_cast<std::int64_t>(images.class_names().size());
  if (loss->one_output_per_class() && network.spec().head.features != classes) {
    bad_input("recipe '{}': loss {} gives each of the {} classes of {} a unit, and the embeddings have {}; use {}",
              recipe.name, recipe.loss.kind, classes, recipe.data.pretrain, network.spec().head.features,
              wording::setting("network.head.features", std::to_string(classes)));
  }
  if (!loss->reads_labels()) return {};
  Tensor labels({images.size()}, DType::int32, Device::reference);
  std::ranges::copy(images.labels(), labels.data<std::int32_t>());
  return on_device(labels, device);
}

/// Pairs that a rule has buffers for.
std::int64_t pairs_at_a_time(const Recipe& recipe) {
  const std::int64_t micro_batch = recipe.train.micro_batch;
  return micro_batch > 0 ? std::min(micro_batch, recipe.train.batch) : recipe.train.batch;
}

std::array<double, 2> read_totals(const Tensor& totals) {
  const Tensor host = on_device(totals, Device::reference);
  return {host.data<double>()[0], host.data<double>()[1]};
}

/// The first weights that are not finite, by their name in a checkpoint; "" where all are.
std::string weights_not_finite(Network& network) {
  for (const StateTensor& weights : network.state(false)) {
    if (!is_finite(weights.tensor)) return weights.name;
  }
  return {};
}

/// The first layer whose feedback weights are not finite, while its weights are; "" where there is none.
std::string feedback_not_finite(Network& network) {
  std::string found;
  network.each_layer([&](const std::string& layer, Synapses& synapses) {
    if (!found.empty() || !is_finite(synapses.weights().values()) || is_finite(synapses.path().values())) return;
    found = fmt::format("{} (rule.feedback = \"{}\")", layer, synapses.feedback().name());
  });
  return found;
}

std::string last_good(const RunDirectory& directory) {
  const auto checkpoints = list_checkpoints(directory.checkpoints());
  return checkpoints.empty() ? "no checkpoint had been written yet"
                             : "the last good checkpoint is " + checkpoints[0].string();
}

}  // namespace

Trainer::Trainer(const Recipe& recipe, const ExecutionContext& context, const Checkpoint* start)
    : recipe_(recipe),
      images_(open_checked_images(recipe, context)),
      plan_(view_plan(recipe, images_->image_shape())),
      network_(make_started_network(recipe, plan_.image, context.device, start)),
      rule_(make_rule(recipe, *network_, plan_)),
      views_(make_views(recipe, *images_, context.device)),
      health_(*network_, *rule_, recipe.rule.kind, *views_, plan_, images_->size(), pairs_at_a_time(recipe)),
      sampler_(make_sampler(recipe, *images_, *views_, context.device)),
      schedule_(make_schedule(recipe, rule_->schedule_epochs(), sampler_.batches())),
      totals_({2}, DType::float64, context.device),
      started_from_checkpoint_(start != nullptr) {
  if (start != nullptr) drawn_anew_ = start->start(*network_, *rule_);
  const std::int64_t rows = plan_.views * plan_.rows(recipe.train.batch);
  batch_ = Tensor(batch_of(rows, plan_.image), network_->setup().dtype, context.device);
  labels_ = labels_for(recipe, *network_, *images_, context.device);
  if (!labels_.empty()) batch_labels_ = Tensor({recipe.train.batch}, DType::int32, context.device);
}

bool Trainer::epochs_are_free() const {
  return recipe_.train.schedule == "constant" && rule_->schedule_epochs() == total_epochs();
}

void Trainer::resume(const Checkpoint& checkpoint) {
  if (checkpoint.image() != network_->image()) {
    bad_input("{}: was trained on images of {}, these are {}", checkpoint.path().string(),
              to_string(checkpoint.image()), to_string(network_->image()));
  }
  const RunProgress& stand = checkpoint.progress();
  if (stand.epoch > total_epochs() || stand.batch >= batches()) {
    bad_input("{}: stands at epoch {}, batch {}; this recipe has {} epochs of {} batches", checkpoint.path().string(),
              stand.epoch, stand.batch, total_epochs(), batches());
  }
  require_same_memory(checkpoint.path(), checkpoint.recipe_for_reading(), recipe_);
  checkpoint.restore(*network_, *rule_);
  progress_ = stand;
}

void Trainer::run(const RunDirectory& directory, Reporter& reporter) {
  set_damaged_aside(directory.checkpoints(), [&](std::string_view line) { reporter.note(line); });
  // A run that is stopped early goes on without the checkpoint that it started from.
  const bool first = progress_.epoch == 0 && progress_.batch == 0;
  if (first && (total_epochs() == 0 || started_from_checkpoint_)) save(directory);
  while (progress_.epoch < total_epochs()) train_epoch(directory, reporter);
}

void Trainer::train_epoch(const RunDirectory& directory, Reporter& reporter) {
  start_epoch(progress_.epoch);
  const Stopwatch watch;
  Stopwatch since_look;
  const double before = progress_.seconds;
  for (std::int64_t batch = progress_.batch; batch < batches(); ++batch) {
    take_step(batch);
    if (!on_gpu() || since_look.seconds() >= seconds_between_looks) {
      const double loss = check_finite(directory, batch);
      report(batch, loss, before + watch.seconds(), reporter);
      since_look.restart();
    }
    const int signal = batch + 1 < batches() ? reporter.stop_signal() : 0;
    if (signal == 0) continue;
    const std::array<double, 2> totals = read_totals(totals_);  // waits for a GPU, so read before the time
    progress_ = {.epoch = progress_.epoch, .batch = batch + 1, .totals = totals, .seconds = before + watch.seconds()};
    stop(directory, signal);
  }
  check_finite(directory, batches() - 1);
  const EpochMetrics metrics = finish_epoch(before + watch.seconds());
  directory.add_metrics(metrics);
  reporter.epoch(metrics, total_epochs());
  if (const std::string warning = health_warning(metrics, recipe_); !warning.empty() && !std::exchange(warned_, true)) {
    reporter.note(warning);
  }
  const bool finished = progress_.epoch == total_epochs();
  const std::int64_t every = recipe_.train.checkpoint_every;
  const int signal = finished ? 0 : reporter.stop_signal();
  if (signal != 0) stop(directory, signal);
  if (finished || (every > 0 && progress_.epoch % every == 0)) save(directory);
}

void Trainer::report(std::int64_t batch, double loss, double seconds, Reporter& reporter) const {
  reporter.batch({.epoch = progress_.epoch + 1,
                  .epochs = total_epochs(),
                  .stage = rule_->stage(progress_.epoch),
                  .batch = batch + 1,
                  .batches = batches(),
                  .images = std::min((batch + 1) * recipe_.train.batch, sampler_.images()),
                  .loss = loss / static_cast<double>(batch + 1),
                  .seconds = seconds});
}

void Trainer::start_epoch(std::int64_t epoch) {
  progress_.epoch = epoch;
  open_epoch_ = epoch;
  sampler_.start_epoch(static_cast<std::uint32_t>(epoch));
  Tensor start(totals_.shape(), totals_.dtype(), Device::reference);
  std::ranges::copy(progress_.totals, start.data<double>());
  copy(start, totals_);
}

Tensor Trainer::make_batch(std::int64_t batch) {
  const Tensor rows = sampler_.rows(batch);
  const std::int64_t of_view = plan_.rows(rows.extent(0));
  const auto epoch = static_cast<std::uint32_t>(progress_.epoch);
  for (int view = 0; view < plan_.views; ++view) {
    Tensor images = batch_.rows(view * of_view, (view + 1) * of_view);
    views_->make(epoch, static_cast<std::uint32_t>(view), rows, images);
  }
  Tensor images = batch_.rows(0, plan_.views * of_view);
  network_->scale_input(images);
  return images;
}

bool Trainer::take_step(std::int64_t batch) {
  if (!on_gpu()) {
    const Tensor images = make_batch(batch);
    if (batch + 1 < batches()) views_->expect(sampler_.rows(batch + 1));
    step(images, batch);
    return false;
  }
  if (!views_->waits_for_device()) return accelerator::record_step([&] { step(make_batch(batch), batch); });
  const Tensor images = make_batch(batch);
  return accelerator::record_step([&] { step(images, batch); });
}

void Trainer::step(const Tensor& images, std::int64_t batch) {
  StepContext context{.epoch = progress_.epoch, .batch = batch, .learning_rate = rate(batch), .labels = {}};
  if (!labels_.empty()) {
    const Tensor rows = sampler_.rows(batch);
    context.labels = batch_labels_.rows(0, rows.extent(0));
    ops::gather_rows(labels_, rows, context.labels);
  }
  rule_->step(images, context, totals_);
  network_->between_steps(context);
}

void Trainer::open_epoch() {
  check(progress_.epoch < total_epochs(), "trainer", "all {} epochs are over", total_epochs());
  if (open_epoch_ != progress_.epoch) start_epoch(progress_.epoch);
}

Tensor Trainer::next_batch() {
  open_epoch();
  return make_batch(progress_.batch);
}

double Trainer::advance() {
  open_epoch();
  if (const std::string weights = on_gpu() ? "" : weights_not_finite(*network_); !weights.empty()) {
    throw std::runtime_error(
        fmt::format("the weights ({}) were not finite before epoch {} of {}, batch {}; set finite ones", weights,
                    progress_.epoch + 1, total_epochs(), progress_.batch + 1));
  }
  try {
    return advance_once();
  } catch (...) {
    open_epoch_ = -1;  // the totals hold a part of the step that failed
    throw;
  }
}

double Trainer::advance_once() {
  const double before = progress_.totals[0];
  take_step(progress_.batch);
  const std::array<double, 2> totals = read_totals(totals_);
  const double loss = totals[0] - before;
  if (!std::isfinite(loss)) fail_not_finite("loss is", progress_.batch, "", !is_first_step(progress_.batch));
  // The loss may not show weights that are not finite: the last update comes after it.
  if (const std::string weights = on_gpu() ? "" : weights_not_finite(*network_); !weights.empty()) {
    fail_not_finite(fmt::format("weights ({}) are", weights), progress_.batch, "", true);
  }
  progress_.totals = totals;
  if (++progress_.batch == batches()) progress_ = {.epoch = progress_.epoch + 1};
  return loss;
}

void Trainer::save_to(const std::filesystem::path& file) {
  if (const std::string weights = weights_not_finite(*network_); !weights.empty()) {
    throw std::runtime_error(fmt::format("{} is not written: the weights are not finite ({})", file.string(), weights));
  }
  save_checkpoint(file, recipe_, progress_, *network_, *rule_);
}

double Trainer::total_loss() const { return read_totals(totals_)[0]; }

double Trainer::check_finite(const RunDirectory& directory, std::int64_t batch) {
  const double loss = total_loss();
  if (!std::isfinite(loss)) fail_not_finite("loss is", batch, last_good(directory), !is_first_step(batch));
  return loss;
}

void Trainer::fail_not_finite(std::string_view what, std::int64_t batch, const std::string& last_good, bool learnt) {
  throw std::runtime_error(fmt::format("the {} {} finite in epoch {} of {}, batch {}; {}{}{}", what,
                                       learnt ? "no longer" : "not", progress_.epoch + 1, total_epochs(), batch + 1,
                                       last_good, last_good.empty() ? "" : "; ", blame(batch, learnt)));
}

bool Trainer::is_first_step(std::int64_t batch) const { return progress_.epoch == 0 && batch == 0; }

std::string Trainer::blame(std::int64_t batch, bool learnt) {
  const Tensor images = make_batch(batch);
  if (!is_finite(images)) {
    return fmt::format(
        "the images as the network sees them are not finite: look at data.mean = {}, data.std = {} and [views]",
        network_->spec().input.mean, network_->spec().input.std);
  }
  if (const std::string layer = feedback_not_finite(*network_); !layer.empty()) {
    return fmt::format("the feedback weights of {} are not finite", layer);
  }
  if (!learnt) {
    return "nothing had been learnt yet, so look at [loss], data.mean, data.std and the network, not at the learning "
           "rate";
  }
  return fmt::format("try a lower train.learning_rate than {}", recipe_.train.learning_rate);
}

EpochMetrics Trainer::finish_epoch(double seconds) {
  const auto [loss, active] = read_totals(totals_);
  const auto pairs = static_cast<double>(sampler_.images());
  EpochMetrics metrics{.epoch = progress_.epoch + 1,
                       .stage = rule_->stage(progress_.epoch),
                       .loss = loss / static_cast<double>(batches()),
                       .loss_per_pair = loss / pairs,
                       .active_share = active / pairs,
                       .learning_rate = rate(batches() - 1),
                       .images = sampler_.images(),
                       .seconds = seconds,
                       .images_per_second = pairs / std::max(seconds, 1e-9)};
  const Stopwatch watch;
  metrics.health = health_.measure(progress_.epoch);
  metrics.health_seconds = watch.seconds();
  progress_ = {.epoch = progress_.epoch + 1};
  return metrics;
}

double Trainer::rate(std::int64_t batch) const {
  const std::int64_t epoch = progress_.epoch % std::max<std::int64_t>(rule_->schedule_epochs(), 1);
  return schedule_.rate(epoch * batches() + batch);
}

std::filesystem::path Trainer::save(const RunDirectory& directory) {
  if (const std::string weights = weights_not_finite(*network_); !weights.empty()) {
    const std::int64_t epoch = progress_.epoch + (progress_.batch > 0 ? 1 : 0);
    throw std::runtime_error(fmt::format("the weights are no longer finite in epoch {} of {} ({}); {}; {}", epoch,
                                         total_epochs(), weights, last_good(directory), blame(batches() - 1, true)));
  }
  const std::filesystem::path path = directory.checkpoints() / checkpoint_name(progress_);
  save_checkpoint(path, recipe_, progress_, *network_, *rule_);
  const std::int64_t kept = recipe_.train.keep_checkpoints;
  if (kept > 0) prune_checkpoints(path, static_cast<std::size_t>(kept));
  return path;
}

void Trainer::stop(const RunDirectory& directory, int signal) {
  const std::filesystem::path path = save(directory);
  throw Interrupted(signal, fmt::format("stopped in epoch {} of {}; {} holds everything", progress_.epoch + 1,
                                        total_epochs(), path.string()));
}

}  // namespace biossl
