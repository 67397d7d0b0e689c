#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <string_view>

// What a user can give or call, named in messages. Each front end writes it in its own words:
//
//   fail("conv2d", "a GPU cannot do this yet; use {}", wording::option("device", "cpu"));
//     the program: … use --device cpu        Python: … use device="cpu"

namespace biossl::wording {

/// One thing that a message names. It refers to the texts that it was made of.
struct Term {
  enum class Kind : std::uint8_t { option, flag, setting, command };
  Kind kind;
  std::string_view name;
  std::string_view value = {};
};

/// An option: --out, --device cpu.
inline Term option(std::string_view name, std::string_view value = {}) { return {Term::Kind::option, name, value}; }
/// One that is on or off: --resume.
inline Term flag(std::string_view name) { return {Term::Kind::flag, name}; }
/// A change of the recipe: --set train.epochs=5. The value is TOML; quotes around texts may be left out.
inline Term setting(std::string_view key, std::string_view value) { return {Term::Kind::setting, key, value}; }
/// A command of the program without its name: `biossl data pack`. Front ends that can do the same say how.
inline Term command(std::string_view words) { return {Term::Kind::command, words}; }

/// How a front end writes a term.
using FrontEnd = std::string (*)(const Term& term);
/// The program's, which is in use unless another front end has set its own.
std::string as_program(const Term& term);
/// Not while messages are made in other threads.
void set_front_end(FrontEnd front_end);
/// In the words of the front end in use.
std::string to_string(const Term& term);

}  // namespace biossl::wording

/// Written by "{}".
template <>
struct fmt::formatter<biossl::wording::Term> {
  static constexpr auto parse(fmt::format_parse_context& context) { return context.begin(); }
  template <class Context>
  static auto format(const biossl::wording::Term& term, Context& context) {
    return fmt::format_to(context.out(), "{}", biossl::wording::to_string(term));
  }
};
