#include "biossl/core/wording.h"

#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "src/module.h"

namespace biossl::python {
namespace {

using wording::Term;

/// A TOML value, whose quotes may be left out, as Python writes it.
std::string literal(std::string_view value) {
  if (value == "true") return "True";
  if (value == "false") return "False";
  constexpr std::string_view starts = "+-.0123456789\"'[{";
  return starts.find(value.front()) < starts.size() ? std::string(value) : fmt::format("\"{}\"", value);
}

/// What does a command's work in Python; the others need a shell.
std::string instead_of(std::string_view command) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 4> known{{{"run", "biossl.run"},
                                                                                {"pretrain", "biossl.pretrain"},
                                                                                {"describe", "biossl.describe"},
                                                                                {"embed", "the run's encoder"}}};
  for (const auto& [name, text] : known) {
    if (name == command) return std::string(text);
  }
  return fmt::format("`biossl {}` in a shell", command);
}

/// out=, device="cpu", resume=True, set={"train.epochs": 5}, biossl.pretrain.
std::string as_python(const Term& term) {
  const auto& [kind, name, value] = term;
  switch (kind) {
    case Term::Kind::option:
      return fmt::format("{}={}", name, value.empty() ? "" : literal(value));
    case Term::Kind::flag:
      return fmt::format("{}=True", name);
    case Term::Kind::setting:
      return fmt::format("set={{\"{}\": {}}}", name, value.empty() ? "\"\"" : literal(value));
    case Term::Kind::command:
      break;
  }
  return instead_of(name);
}

}  // namespace

void bind_wording(nb::module_& module) {
  wording::set_front_end(&as_python);
  module.def(
      "speak_as_program", [] { wording::set_front_end(&wording::as_program); },
      "Messages name the program's options from now on; for modules that are commands of it.");
}

}  // namespace biossl::python
