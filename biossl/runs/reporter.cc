#include "biossl/runs/reporter.h"

namespace biossl {

Progress stage_progress(Reporter& reporter, std::string name) {
  return [&reporter, name = std::move(name)](std::int64_t done, std::int64_t total, std::string_view text) {
    reporter.stage(name, done, total, text);
    if (const int signal = reporter.stop_signal(); signal != 0) throw Interrupted(signal, "stopped while at: " + name);
  };
}

}  // namespace biossl
