#include "biossl/core/wording.h"

namespace biossl::wording {
namespace {

constinit FrontEnd in_use = &as_program;

}  // namespace

std::string as_program(const Term& term) {
  const auto& [kind, name, value] = term;
  switch (kind) {
    case Term::Kind::option:
      return fmt::format("--{}{}{}", name, value.empty() ? "" : " ", value);
    case Term::Kind::flag:
      return fmt::format("--{}", name);
    case Term::Kind::setting:
      return fmt::format("--set {}={}", name, value);
    case Term::Kind::command:
      break;
  }
  return fmt::format("`biossl {}`", name);
}

void set_front_end(FrontEnd front_end) { in_use = front_end; }

std::string to_string(const Term& term) { return in_use(term); }

}  // namespace biossl::wording
