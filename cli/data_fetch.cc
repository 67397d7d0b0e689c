#include "cli/data_fetch.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "biossl/core/error.h"
#include "biossl/core/stopwatch.h"
#include "biossl/core/text.h"
#include "biossl/data/fetch.h"
#include "biossl/runs/reporter.h"
#include "cli/command_line.h"
#include "cli/interrupt.h"
#include "cli/options.h"
#include "cli/standard_streams.h"
#include "cli/terminal.h"

namespace biossl::cli {
namespace {

constexpr double megabyte = 1e6;
constexpr std::int64_t quickly_read = 20'000'000;  // bytes that are checked or unpacked in less than two seconds

struct FetchCommand {
  std::string name;
  std::string from;
  ExecutionOptions execution;

  std::string again() const {
    SuggestedCommand command("data fetch");
    command.word(name);
    if (!from.empty()) command.path_option("--from", from);
    return command.execution(execution).text();
  }
};

/// The progress of one stage, with its speed and the time that is left.
class ByteProgress {
 public:
  ByteProgress(Reporter& reporter, std::string stage) : reporter_(reporter), stage_(std::move(stage)) {}

  void operator()(std::int64_t done, std::int64_t bytes, std::string_view text) {
    if (const int signal = reporter_.stop_signal(); signal != 0) {
      throw Interrupted(signal, fmt::format("stopped while {}; what has come is kept", stage_));
    }
    if (first_ < 0) first_ = done;
    if (bytes < quickly_read && !stage_.starts_with("loading")) return;
    const auto total = std::max<std::int64_t>(1, std::llround(static_cast<double>(bytes) / megabyte));
    if (done >= bytes) return finish(total, bytes);
    // The reporter takes `total` of `total` as the end.
    const auto shown = std::min<std::int64_t>(std::llround(static_cast<double>(done) / megabyte), total - 1);
    reporter_.stage(stage_, shown, total, fmt::format("MB{}", text.empty() ? pace(done, bytes) : set_off(text)));
  }

 private:
  static std::string set_off(std::string_view text) { return fmt::format(", {}", text); }

  /// Bytes a second; what was there before does not count.
  double speed(std::int64_t done) const {
    return static_cast<double>(done - first_) / std::max(watch_.seconds(), 1e-3);
  }

  std::string pace(std::int64_t done, std::int64_t bytes) const {
    const double now = speed(done);
    if (now <= 0) return "";
    return fmt::format(", {:.1f} MB/s, {} left", now / megabyte, duration(static_cast<double>(bytes - done) / now));
  }

  void finish(std::int64_t total, std::int64_t bytes) {
    if (std::exchange(is_finished_, true)) return;
    const double now = speed(bytes);
    reporter_.stage(stage_, total, total,
                    fmt::format("{:.1f} MB{}", static_cast<double>(bytes) / megabyte,
                                now > 0 ? fmt::format(", {:.1f} MB/s", now / megabyte) : ""));
  }

  Reporter& reporter_;
  std::string stage_;
  Stopwatch watch_;
  std::int64_t first_ = -1;
  bool is_finished_ = false;
};

void fetch(const FetchCommand& command) {
  const DataSource& source = find_source(data_sources(), command.name);
  catch_interrupts();
  TerminalReporter reporter;
  const FetchRequest request{
      .data = command.execution.data, .from = command.from, .download = {}, .progress = [&](const std::string& stage) {
        return ByteProgress(reporter, stage);
      }};
  try {
    const FetchOutcome outcome = biossl::fetch(source, request);
    show(fmt::format("{}: {} is complete{}\n", source.name, outcome.folder.string(),
                     outcome.was_complete ? "; nothing had to be downloaded" : ""));
  } catch (const Interrupted& stopped) {
    throw Interrupted(stopped.signal(), fmt::format("{}; go on with: {}", stopped.what(), command.again()));
  } catch (const WriteError& fault) {
    throw WriteError(fmt::format("{}; then go on with: {}", fault.what(), command.again()));
  }
}

std::string all_names() {
  std::vector<std::string> names;
  for (const DataSource& source : data_sources()) names.push_back(source.name);
  return joined(names);
}

}  // namespace

void add_data_fetch(Command data) {
  const auto command = std::make_shared<FetchCommand>();
  Command sub = data.add_subcommand("fetch", "download a published data set, check it, and unpack it");
  sub.add_option("name", command->name, all_names()).required().type_name("NAME");
  command->execution.add_data(sub);
  sub.add_option("--from", command->from, "a mirror's address, or a local folder that holds the published files")
      .check(path_word())
      .type_name("URL|DIR");
  sub.footer(
      "A download that was stopped goes on.\n"
      "  biossl data fetch cifar10 --data ~/data\n"
      "  biossl data fetch cifar10 --data ~/data --from ~/Downloads");
  sub.callback([command] { fetch(*command); });
}

}  // namespace biossl::cli
