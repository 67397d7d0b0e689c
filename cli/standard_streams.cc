#include "cli/standard_streams.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>

namespace biossl::cli {
namespace {

/// errno of the first failed write to stdout; 0: none.
int output_fault = 0;

}  // namespace

void note_output_fault(int fault) {
  if (output_fault == 0) output_fault = fault != 0 ? fault : EIO;
}

void open_standard_descriptors() {
  for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (fcntl(descriptor, F_GETFD) >= 0 || errno != EBADF) continue;
    // open() returns the lowest free number, which is this one.
    const int access = descriptor == STDIN_FILENO ? O_RDONLY : O_WRONLY;
    if (open("/dev/null", access) < 0) static_cast<void>(open("/", O_RDONLY));  // then output fails
  }
}

void show(const std::string& text) {
  errno = 0;
  const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
  if (std::fflush(stdout) != 0 || !written) note_output_fault(errno);
}

int exit_code(int code) {
  errno = 0;
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) note_output_fault(errno);
  if (output_fault == 0 || code != 0) return code;
  if (output_fault == EPIPE) return 128 + SIGPIPE;
  std::fprintf(stderr, "biossl: standard output cannot be written (%s); what it was to show is incomplete\n",
               std::strerror(output_fault));
  return 1;
}

std::filesystem::path apart_from_messages(const std::filesystem::path& path) {
  struct stat file {};
  struct stat output {};
  const bool same = stat(path.c_str(), &file) == 0 && fstat(STDOUT_FILENO, &output) == 0 &&
                    file.st_dev == output.st_dev && file.st_ino == output.st_ino;
  if (!same || S_ISCHR(file.st_mode)) return path;  // nothing to separate on a terminal or /dev/null
  std::fflush(stdout);
  const int kept = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  if (kept < 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0) return path;
  return fmt::format("/dev/fd/{}", kept);
}

}  // namespace biossl::cli
