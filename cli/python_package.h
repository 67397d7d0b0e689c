#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

// The Python package `biossl`, which draws reports and writes other programs' formats. The program calls its modules.

namespace biossl::cli {

/// A module of the package.
struct PythonModule {
  std::string name;                ///< "biossl.report"
  std::vector<std::string> needs;  ///< other modules that it needs: "matplotlib"
  std::string extra;               ///< of the package, which brings what it needs: "report"
};

/// Becomes `python -m NAME arguments…`, so the module's exit code is the program's. The interpreter is $BIOSSL_PYTHON;
/// if that is not set, the first with the package of the python3 beside the program and the one on PATH. The module
/// finds this program in $BIOSSL_PROGRAM. Throws std::runtime_error, with the command of pip, if the package or what
/// the module needs is not there.
[[noreturn]] void become(const PythonModule& module, const std::vector<std::string>& arguments);

/// The same module at work beside the program. Its standard input stays open as long as this object lives, so it knows
/// the end of the program, however it ends. A Ctrl-C of the terminal does not reach it.
class ModuleBeside {
 public:
  /// Throws like become().
  ModuleBeside(const PythonModule& module, const std::vector<std::string>& arguments);
  ModuleBeside(const ModuleBeside&) = delete;
  ModuleBeside& operator=(const ModuleBeside&) = delete;
  /// Closes the module's standard input and waits for its end. After half a minute it sends SIGTERM and waits on.
  ~ModuleBeside();

 private:
  pid_t process_ = -1;
  int input_ = -1;  // the end that keeps its standard input open
};

}  // namespace biossl::cli
