#include <memory>

#include "cli/commands.h"
#include "cli/options.h"
#include "cli/python_package.h"

namespace biossl::cli {
namespace {

struct ReportCommand {
  std::vector<std::string> runs;
  std::string out;
  bool files_only = false;
  ExecutionOptions execution;
};

void report(const ReportCommand& command) {
  std::vector<std::string> words;
  if (!command.out.empty()) words.insert(words.end(), {"--out", command.out});
  if (!command.execution.data.empty()) words.insert(words.end(), {"--data", command.execution.data});
  if (command.execution.threads != 0)
    words.insert(words.end(), {"--threads", std::to_string(command.execution.threads)});
  if (command.files_only) words.emplace_back("--files-only");
  words.emplace_back("--");
  words.insert(words.end(), command.runs.begin(), command.runs.end());
  become({.name = "biossl.report", .needs = {"numpy", "matplotlib"}, .extra = "report"}, words);
}

}  // namespace

void add_report(Command app) {
  Command sub = app.add_subcommand("report", "write a web page about a run, or about several side by side");
  const auto command = std::make_shared<ReportCommand>();
  sub.add_option("runs", command->runs, "run directories; those that differ in the seed alone are one group")
      .required()
      .check(path_word())
      .type_name("RUN");
  command->execution.add_data(sub);
  sub.add_option("--out", command->out, "HTML file to write [RUN/report.html; of several runs: report.html]")
      .check(path_word())
      .type_name("FILE");
  sub.add_flag("--files-only", command->files_only, "compute nothing: show what the run directories hold");
  command->execution.add_threads(sub);
  sub.footer(
      "One file that needs no network. The Python package draws it: pip install '.[report]' in the source folder.\n"
      "It is looked for with $BIOSSL_PYTHON, else with the python3 beside the program, then with the one on PATH.\n"
      "  biossl report runs/demo-seed1\n"
      "  biossl report runs/quick-seed1 runs/quick-seed2 runs/quick-seed3 --data ~/data --out quick.html");
  sub.callback([command] { report(*command); });
}

}  // namespace biossl::cli
