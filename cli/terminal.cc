#include "cli/terminal.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <cstdlib>
#include <memory>
#include <numeric>
#include <set>

#include "biossl/core/text.h"
#include "cli/interrupt.h"
#include "cli/standard_streams.h"

namespace biossl::cli {
namespace {

constexpr double redraw_seconds = 0.1;
constexpr double line_seconds = 60;       // between the lines of a long stage, where no line can be redrawn
constexpr double long_stage_seconds = 3;  // after which the time that is left is told
constexpr int bar_width = 24;

std::size_t terminal_width() {
  winsize size{};
  return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

/// Whether a line can be redrawn: on a terminal that is not "dumb".
bool can_redraw() {
  const char* const kind = std::getenv("TERM");
  return isatty(STDOUT_FILENO) == 1 && (kind == nullptr || std::string_view(kind) != "dumb");
}

double share(std::int64_t done, std::int64_t total) {
  return total > 0 ? static_cast<double>(done) / static_cast<double>(total) : 1.0;
}

std::string percent(double fraction) { return fmt::format("{:.2f} %", 100 * fraction); }

/// "  block 1 of 0-4"; empty for an empty text.
std::string set_off(std::string_view stage) { return stage.empty() ? "" : fmt::format("  {}", stage); }

}  // namespace

TerminalReporter::TerminalReporter() : on_terminal_(can_redraw()) {}

TerminalReporter::~TerminalReporter() { erase(); }

void TerminalReporter::note(std::string_view line) {
  erase();
  show(fmt::format("{}\n", line));
}

void TerminalReporter::batch(const BatchReport& report) {
  if (!on_terminal_ || !due()) return;
  const double speed = static_cast<double>(report.images) / std::max(report.seconds, 1e-9);
  const double in_epoch = share(report.batch, report.batches);
  const double epochs_left = static_cast<double>(report.epochs - report.epoch) + 1 - in_epoch;
  const double left = epochs_left * report.seconds / std::max(in_epoch, 1e-9);
  draw((static_cast<double>(report.epoch) - 1 + in_epoch) / static_cast<double>(report.epochs),
       fmt::format("epoch {}/{}{}  loss {:.4g}  {:.0f} images/s  {} left", report.epoch, report.epochs,
                   set_off(report.stage), report.loss, speed, duration(left)));
}

void TerminalReporter::epoch(const EpochMetrics& metrics, std::int64_t epochs) {
  erase();
  const std::string rank =
      metrics.health.empty()
          ? ""
          : fmt::format("  rank {:.1f}/{}", metrics.health.back().effective_rank, metrics.health.back().dimensions);
  show(fmt::format("epoch {:>{}}/{}{}  loss {:.2f} a batch, {:.4f} a pair  active {:.3f}{}  {:.0f} images/s  {}\n",
                   metrics.epoch, fmt::formatted_size("{}", epochs), epochs, set_off(metrics.stage), metrics.loss,
                   metrics.loss_per_pair, metrics.active_share, rank, metrics.images_per_second,
                   duration(metrics.seconds)));
}

void TerminalReporter::stage(std::string_view name, std::int64_t done, std::int64_t total, std::string_view text) {
  if (stage_name_ != name) {
    stage_name_ = name;
    stage_watch_.restart();
    if (!on_terminal_) since_drawn_.restart();
  }
  if (on_terminal_ && done < total && due()) {
    draw(share(done, total), fmt::format("{} {}/{} {}{}", name, done, total, text, time_left(done, total)));
  }
  if (!on_terminal_ && done < total && since_drawn_.seconds() >= line_seconds) {
    since_drawn_.restart();
    show(fmt::format("{} {:.0f} %{}{}\n", name, 100 * share(done, total), set_off(text), time_left(done, total)));
  }
  if (done < total) return;
  erase();
  show(fmt::format("{}{}{}  {:.1f} s\n", name, text.empty() ? "" : "  ", text, stage_watch_.seconds()));
  stage_name_.clear();
}

std::string TerminalReporter::time_left(std::int64_t done, std::int64_t total) const {
  const double seconds = stage_watch_.seconds();
  if (done == 0 || seconds < long_stage_seconds) return "";
  return fmt::format("  {} left", duration(seconds * (1 / share(done, total) - 1)));
}

int TerminalReporter::stop_signal() {
  const int signal = caught_signal();
  if (signal != 0 && !std::exchange(announced_stop_, true)) {
    const bool by_hand = signal == SIGINT || signal == SIGTERM;
    note(by_hand ? "stopping; once more kills at once" : "stopping");
  }
  return signal;
}

bool TerminalReporter::due() {
  if (!never_drawn_ && since_drawn_.seconds() < redraw_seconds) return false;
  never_drawn_ = false;
  since_drawn_.restart();
  return true;
}

void TerminalReporter::draw(double done, const std::string& text) {
  const int full = std::clamp(static_cast<int>(done * bar_width), 0, bar_width);
  std::string line =
      fmt::format("[{}{}] {:3.0f} %  {}", std::string(static_cast<std::size_t>(full), '='),
                  std::string(static_cast<std::size_t>(bar_width - full), ' '), 100 * std::min(done, 1.0), text);
  line.resize(std::min(line.size(), terminal_width() - 1));
  show("\r\033[K" + line);
  drawn_ = true;
}

void TerminalReporter::erase() {
  if (std::exchange(drawn_, false)) show("\r\033[K");
}

namespace {

/// Calls row(name, probe) for everything that was probed.
template <class Row>
void each_probe(const ProbeReport& report, const Row& row) {
  const auto rows = [&](const std::string& name, const std::vector<BlockProbe>& probes) {
    for (const BlockProbe& probe : probes) {
      row(probes.size() == 1 ? name : fmt::format("{}, block {}", name, probe.block), probe);
    }
  };
  rows("trained encoder", report.trained);
  if (report.random) rows("random encoder", *report.random);
  if (report.pixels) row("pixels", *report.pixels);
}

/// The votes of the neighbours, a table of its own: its numbers are not those of a linear probe.
std::string knn_table(const ProbeReport& report, std::size_t width) {
  const KnnResult& last = *report.trained.back().knn;
  std::string table = fmt::format(
      "\n{:<{}}{:>22}\n", fmt::format("{} nearest neighbours, temperature {}", last.neighbours, last.temperature),
      width, "test");
  each_probe(report, [&](const std::string& name, const BlockProbe& probe) {
    table += fmt::format("  {:<{}}{:>22}\n", name, width - 2, percent(probe.knn->test_accuracy));
  });
  return table;
}

/// R^2 of the targets, a column for each.
std::string targets_table(const ProbeReport& report, std::size_t width) {
  std::string table = fmt::format("\n{:<{}}", "targets, R^2", width);
  for (const TargetResult& target : report.trained.back().targets) table += fmt::format("{:>10}", target.name);
  table += "\n";
  each_probe(report, [&](const std::string& name, const BlockProbe& probe) {
    table += fmt::format("  {:<{}}", name, width - 2);
    for (const TargetResult& target : probe.targets) table += fmt::format("{:>10.3f}", target.r_squared);
    table += "\n";
  });
  return table;
}

/// Twice the standard error of the difference between two test accuracies, as if each had images of its own: on the
/// same images it is less.
double noise(const ProbeResult& one, const ProbeResult& other) {
  std::int64_t images = 0;
  for (const auto& row : one.confusion) images += std::accumulate(row.begin(), row.end(), std::int64_t{0});
  const auto variance = [](double accuracy) { return accuracy * (1 - accuracy); };
  return 2 * std::sqrt((variance(one.test_accuracy) + variance(other.test_accuracy)) /
                       static_cast<double>(std::max<std::int64_t>(images, 1)));
}

/// What it means that the trained encoder reads no better than the random one; empty where it reads better, or where
/// nothing has learnt.
std::string verdict(const ProbeReport& report) {
  if (!report.random || report.trained_epochs == 0) return "";
  const ProbeResult& trained = report.trained.back().result;
  const ProbeResult& random = report.random->back().result;
  const double gain = trained.test_accuracy - random.test_accuracy;
  const double within = noise(trained, random);
  if (gain > within) return "";
  constexpr const char* advice = "more epochs (train.epochs) or more images may help";
  if (gain >= -within) {
    return fmt::format(
        "\nThe trained and the random encoder read alike: {:.2f} points are within the noise of the test images ({:.2f}"
        " points); {}.\n",
        std::abs(100 * gain), 100 * within, advice);
  }
  return fmt::format(
      "\nThe trained encoder reads {:.2f} points less than the random one: training has not helped this probe; {}.\n",
      -100 * gain, advice);
}

}  // namespace

std::string results_table(const ProbeReport& report) {
  std::string table = fmt::format("linear probe, {} epochs{:<14}{:>10}{:>12}{:>12}\n", report.epochs,
                                  report.augmented ? " on crops" : "", "features", "test", "training");
  const std::size_t width = table.find("features") - 2;
  each_probe(report, [&](const std::string& name, const BlockProbe& probe) {
    table += fmt::format("  {:<{}}{:>10}{:>12}{:>12}\n", name, width - 2, probe.features,
                         percent(probe.result.test_accuracy), percent(probe.result.train_accuracy));
  });
  table += fmt::format("  {:<{}}{:>10}{:>12}{:>12}\n", "chance", width - 2, "", percent(report.chance),
                       percent(report.train_chance));
  if (report.trained.back().knn) table += knn_table(report, width);
  if (!report.trained.back().targets.empty()) table += targets_table(report, width);
  return table + verdict(report);
}

ExecutionContext told_to(Reporter& reporter, ExecutionContext context) {
  context.progress = stage_progress(reporter, "packing pictures");
  context.note = [&reporter, told = std::make_shared<std::set<std::string>>()](std::string_view line) {
    if (told->emplace(line).second) reporter.note(line);
  };
  return context;
}

}  // namespace biossl::cli
