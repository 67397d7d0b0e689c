#include "biossl/reproduction/parallel_runs.h"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <csignal>
#include <memory>
#include <utility>

#include "biossl/core/error.h"
#include "biossl/core/folder_lock.h"
#include "biossl/reproduction/child_process.h"
#include "biossl/reproduction/table_writer.h"
#include "biossl/runs/run_directory.h"

namespace biossl {
namespace {

constexpr int poll_milliseconds = 200;
constexpr std::string_view error_mark = "biossl: ";

/// A run in a process.
class Job {
 public:
  Job(const ReproductionRun& run, const ParallelRuns& how)
      : directory_(run.directory), name_(run.directory.filename()), process_(how.command(run), to_toml(run.recipe)) {}

  const std::string& name() const { return name_; }
  int output() const { return process_.output(); }
  /// Requests an orderly stop, whatever signal this process got.
  void stop() const { process_.send(SIGTERM); }

  /// Forwards the available output. Returns false at the end of the output.
  bool listen(Reporter& reporter) {
    return process_.read([&](std::string_view line) {
      if (line.empty()) return;
      last_line_ = line;
      reporter.note(fmt::format("{}  {}", name_, line));
    });
  }

  /// Waits for the end. Returns whether the run has finished; if not, and it was not stopped, records why.
  bool finish(bool stopping) {
    const int code = process_.wait();
    if (code != 0 && !stopping) note_failure(directory_, why(code));
    return code == 0;
  }

 private:
  std::string why(int code) const {
    if (last_line_.starts_with(error_mark)) return last_line_.substr(error_mark.size());
    return fmt::format("ended with exit code {}", code);
  }

  std::filesystem::path directory_;
  std::string name_;
  ChildProcess process_;
  std::string last_line_;
};

bool is_in_use(const std::filesystem::path& directory) {
  try {
    const FolderLock free(directory);
    return false;
  } catch (const InUse&) {
    return true;
  }
}

/// Executes the missing runs.
class Jobs {
 public:
  Jobs(const Reproduction& reproduction, std::vector<ReproductionRun> missing, const ParallelRuns& how,
       Reporter& reporter)
      : reproduction_(reproduction), missing_(std::move(missing)), how_(how), reporter_(reporter) {}
  Jobs(const Jobs&) = delete;
  Jobs& operator=(const Jobs&) = delete;
  /// After an exception of this process, the runs still write their checkpoints.
  ~Jobs() {
    Reporter nobody;
    for (const auto& job : running_) job->stop();
    for (const auto& job : running_) {
      while (job->listen(nobody)) continue;
    }
  }

  /// Returns the number of runs that did not finish.
  std::int64_t run() {
    while (start() || !running_.empty()) {
      wait_for_output();
      if (signal_ == 0) stop(reporter_.stop_signal());
    }
    if (signal_ == 0) return failed_;
    throw Interrupted(signal_, fmt::format("stopped; {} of {} runs are finished", finished_, missing_.size()));
  }

 private:
  /// Starts runs while there is room. Returns whether there are more to start.
  bool start() {
    while (signal_ == 0 && next_ < missing_.size() && std::ssize(running_) < how_.jobs) {
      const ReproductionRun& run = missing_[next_++];
      reporter_.note(
          fmt::format("run {} of {}: {}, seed {}", next_, missing_.size(), run.recipe.name, run.recipe.seed));
      if (is_in_use(run.directory)) {
        reporter_.note(fmt::format("{}  skipped, another process is at work in it", run.directory.string()));
        ++failed_;
        continue;
      }
      running_.push_back(std::make_unique<Job>(run, how_));
    }
    return signal_ == 0 && next_ < missing_.size();
  }

  void wait_for_output() {
    std::vector<pollfd> outputs;
    for (const auto& job : running_) outputs.push_back({.fd = job->output(), .events = POLLIN, .revents = 0});
    if (poll(outputs.data(), outputs.size(), poll_milliseconds) <= 0) return;
    for (std::size_t i = outputs.size(); i-- > 0;) {
      if (outputs[i].revents == 0 || running_[i]->listen(reporter_)) continue;
      end(*running_[i]);
      running_.erase(running_.begin() + static_cast<std::ptrdiff_t>(i));
    }
  }

  void end(Job& job) {
    const bool whole = job.finish(signal_ != 0);
    finished_ += whole ? 1 : 0;
    failed_ += whole || signal_ != 0 ? 0 : 1;
    if (signal_ == 0) reporter_.note(fmt::format("{}  {}", job.name(), whole ? "finished" : "failed"));
    write_tables(reproduction_);
  }

  void stop(int signal) {
    if (signal == 0) return;
    signal_ = signal;
    for (const auto& job : running_) job->stop();
  }

  const Reproduction& reproduction_;
  std::vector<ReproductionRun> missing_;
  const ParallelRuns& how_;
  Reporter& reporter_;
  std::vector<std::unique_ptr<Job>> running_;
  std::size_t next_ = 0;
  std::int64_t finished_ = 0, failed_ = 0;
  int signal_ = 0;  // the signal that requested a stop; 0: none
};

}  // namespace

std::int64_t reproduce_in_parallel(const Reproduction& reproduction, const ExecutionContext& context,
                                   const ParallelRuns& how, Reporter& reporter) {
  check(how.jobs >= 1, "reproduce", "{} jobs; it takes at least 1", how.jobs);
  auto [lock, missing] = begin_reproduction(reproduction, context);
  return Jobs(reproduction, std::move(missing), how, reporter).run();
}

}  // namespace biossl
