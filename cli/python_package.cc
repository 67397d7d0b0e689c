#include "cli/python_package.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <thread>

namespace biossl::cli {
namespace {

/// The words as execv wants them; `words` outlives them.
std::vector<char*> pointers_to(std::vector<std::string>& words) {
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  return pointers;
}

/// What a process is started with: descriptors and attributes.
class SpawnOptions {
 public:
  SpawnOptions() {
    posix_spawn_file_actions_init(&actions_);
    posix_spawnattr_init(&attributes_);
  }
  SpawnOptions(const SpawnOptions&) = delete;
  SpawnOptions& operator=(const SpawnOptions&) = delete;
  ~SpawnOptions() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }

  void silence() {
    for (const int descriptor : {STDOUT_FILENO, STDERR_FILENO}) {
      posix_spawn_file_actions_addopen(&actions_, descriptor, "/dev/null", O_WRONLY, 0);
    }
  }
  void read_from(int descriptor) { posix_spawn_file_actions_adddup2(&actions_, descriptor, STDIN_FILENO); }
  void in_own_group() { posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETPGROUP); }

  /// The process, or -1, and errno says why.
  pid_t start(std::vector<std::string> words) const {
    const std::vector<char*> pointers = pointers_to(words);
    pid_t process = -1;
    errno = posix_spawnp(&process, pointers[0], &actions_, &attributes_, pointers.data(), environ);
    return errno == 0 ? process : -1;
  }

 private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

/// Whether the interpreter finds the module and all that it needs.
bool has(const std::string& python, const PythonModule& module) {
  std::vector<std::string> words{python, "-c",
                                 "import sys; from importlib.util import find_spec; "
                                 "sys.exit(not all(find_spec(name) for name in sys.argv[1:]))",
                                 module.name};
  words.insert(words.end(), module.needs.begin(), module.needs.end());
  SpawnOptions options;
  options.silence();
  const pid_t process = options.start(words);
  int status = 1;
  while (process > 0 && waitpid(process, &status, 0) < 0 && errno == EINTR) continue;
  return process > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

std::string this_program() {
  std::error_code unknown;
  return std::filesystem::read_symlink("/proc/self/exe", unknown).string();
}

std::vector<std::string> interpreters() {
  if (const char* named = std::getenv("BIOSSL_PYTHON"); named != nullptr && *named != '\0') return {named};
  return {(std::filesystem::path(this_program()).parent_path() / "python3").string(), "python3"};
}

std::vector<std::string> command_of(const PythonModule& module, const std::vector<std::string>& arguments) {
  // Python must not import a folder "biossl" or a file "json.py" of the current directory in place of the package's.
  setenv("PYTHONSAFEPATH", "1", 0);
  setenv("BIOSSL_PROGRAM", this_program().c_str(), 1);
  for (const std::string& python : interpreters()) {
    if (!has(python, module)) continue;
    std::vector<std::string> words{python, "-m", module.name};
    words.insert(words.end(), arguments.begin(), arguments.end());
    return words;
  }
  throw std::runtime_error(
      fmt::format("this needs the Python package; in the source folder: pip install '.[{}]'", module.extra));
}

}  // namespace

void become(const PythonModule& module, const std::vector<std::string>& arguments) {
  std::vector<std::string> words = command_of(module, arguments);
  const std::vector<char*> pointers = pointers_to(words);
  execvp(pointers[0], pointers.data());
  throw std::runtime_error(fmt::format("{}: cannot be started ({})", words[0], std::strerror(errno)));
}

ModuleBeside::ModuleBeside(const PythonModule& module, const std::vector<std::string>& arguments) {
  const std::vector<std::string> words = command_of(module, arguments);
  std::array<int, 2> ends{-1, -1};
  if (pipe2(ends.data(), O_CLOEXEC) == 0) {
    SpawnOptions options;
    options.read_from(ends[0]);
    options.in_own_group();
    process_ = options.start(words);
    close(ends[0]);
    input_ = ends[1];
  }
  if (process_ > 0) return;
  const int reason = errno;
  if (input_ >= 0) close(input_);
  throw std::runtime_error(fmt::format("{}: cannot be started ({})", words[0], std::strerror(reason)));
}

ModuleBeside::~ModuleBeside() {
  close(input_);
  int status = 0;
  for (int tenths = 0; tenths < 300; ++tenths) {
    if (waitpid(process_, &status, WNOHANG) != 0) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  kill(process_, SIGTERM);
  waitpid(process_, &status, 0);
}

}  // namespace biossl::cli
