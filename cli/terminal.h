#pragma once

#include <string>

#include "biossl/core/stopwatch.h"
#include "biossl/recipe/components.h"
#include "biossl/runs/reporter.h"
#include "biossl/training/probing.h"

namespace biossl::cli {

/// Shows a run on stdout: on a terminal a progress bar, otherwise one line per epoch and per stage, and one a minute in
/// a longer stage.
class TerminalReporter final : public Reporter {
 public:
  TerminalReporter();
  ~TerminalReporter() override;

  void note(std::string_view line) override;
  void batch(const BatchReport& report) override;
  void epoch(const EpochMetrics& metrics, std::int64_t epochs) override;
  void stage(std::string_view name, std::int64_t done, std::int64_t total, std::string_view text) override;
  int stop_signal() override;

 private:
  /// Draws the bar, a few times per second at most; `done` in 0..1.
  void draw(double done, const std::string& text);
  void erase();
  bool due();
  /// "  12 s left" of the current stage; empty at its beginning.
  std::string time_left(std::int64_t done, std::int64_t total) const;

  bool on_terminal_;  // a terminal that can redraw a line
  bool drawn_ = false;
  bool announced_stop_ = false;
  Stopwatch since_drawn_;
  bool never_drawn_ = true;
  std::string stage_name_;
  Stopwatch stage_watch_;
};

/// The place of a job whose data sets tell what happens when they are opened, each line once. The reporter must outlive
/// it.
ExecutionContext told_to(Reporter& reporter, ExecutionContext context);

/// The table at the end of a run: probe accuracies of the trained encoder and of what it is compared with. A line below
/// it says so where the trained encoder's is not above the random one's by more than the noise of the test images.
std::string results_table(const ProbeReport& report);

}  // namespace biossl::cli
