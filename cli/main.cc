#include <sys/prctl.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "biossl/core/error.h"
#include "biossl/core/instruction_level.h"
#include "biossl/core/onednn.h"
#include "biossl/core/text.h"
#include "biossl/runs/environment.h"
#include "biossl/runs/reporter.h"
#include "cli/command_line.h"
#include "cli/commands.h"
#include "cli/standard_streams.h"
#include "cli/thread_waiting.h"
#include "cli/words.h"

namespace biossl::cli {
namespace {

constexpr const char* examples = R"(Examples:
  biossl run                                     the main job on the built-in world: nothing else is needed
  biossl run recipes/quick.toml --data DIR       three epochs on CIFAR-100, judged on CIFAR-10
  biossl run recipes/quick.toml --data DIR --set train.epochs=10 --seed 2 --out runs/ten
  biossl run --resume --out runs/ten             go on with a run that was stopped
  biossl probe runs/ten --data DIR               probe its encoder once more
  biossl embed runs/ten --data DIR --dataset cifar10 --out features.npy
  biossl report runs/ten --data DIR              a web page about it
  biossl reproduce table1 --data DIR --dry-run   what every number of a published table would take
  biossl list; biossl list contrastive_hinge     what recipes can name; the options of one
  biossl describe recipes/quick.toml             its network, and how plausible its learning is
  biossl bench step --recipe recipes/quick.toml  how fast this machine trains
  biossl COMMAND --help                          the options of a command

Exit codes:
  0  done                                        2  a fault of the command line: an option, --set, a run directory
  1  anything not listed here                       that exists
  128 + N   stopped by signal N, after a         3  a fault of what was read: a recipe, data, a checkpoint
            checkpoint: 130 by Ctrl-C, 143 by SIGTERM, 129 as the terminal closed, 141 as nobody read the output on
)";

/// Prints one line, whatever a library's message contains. Allocates no memory, which may have run out.
int tell(int code, const char* what, const char* advice = "") {
  std::fflush(stdout);  // results come before the error message
  std::fputs("biossl: ", stderr);
  for (; *what != '\0'; ++what) std::fputc(*what == '\n' ? ' ' : *what, stderr);
  std::fprintf(stderr, "%s\n", advice);
  return code;
}

int tell_fault(const std::exception& error) {
  return tell(1, means_no_memory(error) ? "not enough memory; a smaller batch, fewer channels or fewer images need less"
                                        : error.what());
}

/// CLI11 treats an unknown command as a superfluous argument; a typing error deserves the nearest name.
void check_command(const CLI::App& app, const char* word) {
  if (word == nullptr || word[0] == '-') return;
  std::vector<std::string> known;
  for (const CLI::App* command : app.get_subcommands({})) known.push_back(command->get_name());
  if (std::ranges::count(known, word) > 0) return;
  throw std::invalid_argument(fmt::format("there is no command '{}'{}", word, suggestion(word, known)));
}

int run(int argc, char** argv) {
  CLI::App app("biossl: self-supervised learning with rules a brain could run", "biossl");
  app.set_version_flag("--version", program_version);
  app.require_subcommand(1);
  app.footer(examples);
  for (const auto add : {add_run, add_pretrain, add_probe, add_embed, add_neighbours, add_report, add_export,
                         add_reproduce, add_data, add_list, add_describe, add_bench}) {
    add(Command(&app));
  }
  take_one_word_each(app);
  try {
    check_onednn();
    instruction_level();  // refuses a BIOSSL_ISA that cannot be
    check_command(app, argv[1]);
    check_values(argc, argv);
    app.parse(argc, argv);
    return exit_code(0);
  } catch (const CLI::ExtrasError&) {
    return tell(2, describe_extras(app).c_str());
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return exit_code(app.exit(error));  // --help, --version
    return tell(2, error.what(), fmt::format(" (see {})", asks_for_help(app)).c_str());
  } catch (const Interrupted& stopped) {
    return tell(128 + stopped.signal(), stopped.what());
  } catch (const BadInput& error) {
    return tell(3, error.what());
  } catch (const std::invalid_argument& error) {
    return tell(2, error.what());
  } catch (const std::filesystem::filesystem_error& error) {
    return tell(1, fmt::format("{}: {}", error.path1().string(), error.code().message()).c_str());
  } catch (const std::system_error& error) {
    if (std::ferror(stdout) == 0) return tell_fault(error);
    note_output_fault(error.code().value());
    return exit_code(0);
  } catch (const std::exception& error) {
    return tell_fault(error);
  }
}

}  // namespace
}  // namespace biossl::cli

int main(int argc, char** argv) {
  biossl::cli::open_standard_descriptors();
  std::signal(SIGXFSZ, SIG_IGN);  // a file above `ulimit -f` is then reported like any other write error
  const auto only_asks = [](std::string_view word) { return word == "--help" || word == "-h" || word == "--version"; };
  if (argc > 1 && std::none_of(argv + 1, argv + argc, only_asks)) biossl::cli::sleep_while_waiting(argv);
  prctl(PR_SET_NAME, "biossl");  // it was started through /proc/self/exe, and top would call it "exe"
  biossl::cli::set_program(argv[0]);
  return biossl::cli::run(argc, argv);
}
