#pragma once

#include <cmath>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include "biossl/core/error.h"
#include "biossl/core/text.h"

namespace biossl {

/// One value of a recipe.
using Value = std::variant<bool, std::int64_t, double, std::string>;

/// A value as a message repeats it: true, 3, 0.5, "cosine".
inline std::string text_of(const Value& value) {
  const auto* text = std::get_if<std::string>(&value);
  if (text != nullptr) return fmt::format("\"{}\"", *text);
  return std::visit([](const auto& it) { return fmt::format("{}", it); }, value);
}

/// The keys and values of one section of a recipe, before they are read into the options of whatever the section
/// configures.
using Settings = std::map<std::string, Value>;

/// A component chosen by name, with its own settings.
struct Choice {
  std::string kind;
  Settings settings;
};

/// One option as `biossl list` and a resolved recipe show it.
struct Field {
  std::string name;
  Value value;
  std::string comment;
  std::string unused = {};  ///< why its value changes nothing, as other options stand; "" where it does
};

// Options are plain structs with in-class defaults. A struct names its fields once, in a member template that every
// visitor walks:
//
//   struct HingeOptions {
//     double weight = 0.2;
//     template <class Visitor>
//     void visit(Visitor& field) {
//       field("weight", weight, "weight of the negatives' terms");
//     }
//   };
//
// field.refuse("key", "why") names a key that others of the same kind have and that makes no sense here.
// field.unused("key", "why") is called, behind the fields, where the options as they stand make no use of one.

/// Reads an options struct out of settings. Every key must be a field's name and every value of the field's type.
class SettingsReader {
 public:
  SettingsReader(std::string_view section, const Settings& settings) : section_(section), settings_(settings) {}

  template <class T>
  void operator()(const char* name, T& target, const char* /*comment*/) {
    known_.emplace_back(name);
    if (const auto found = settings_.find(name); found != settings_.end()) assign(name, found->second, target);
  }
  void refuse(const char* name, const char* why) { refused_.emplace(name, why); }
  void unused(const char* /*name*/, const char* /*why*/) {}
  /// Throws std::invalid_argument for the first key that no field has claimed, with the reason why it is refused or the
  /// nearest that exists.
  void finish() const {
    for (const auto& [key, value] : settings_) {
      bool claimed = false;
      for (const std::string& name : known_) claimed = claimed || name == key;
      if (const auto refused = refused_.find(key); refused != refused_.end()) {
        fail(section_, "'{}' makes no sense here: {}", key, refused->second);
      }
      check(claimed, section_, "there is no key '{}'{}", key, suggestion(key, known_));
    }
  }

 private:
  template <class T>
  void assign(const char* name, const Value& value, T& target) const {
    if constexpr (std::is_same_v<T, bool>) {
      const auto* given = std::get_if<bool>(&value);
      check(given != nullptr, section_, "'{}' must be true or false, not {}", name, text_of(value));
      target = *given;
    } else if constexpr (std::is_same_v<T, std::string>) {
      const auto* given = std::get_if<std::string>(&value);
      check(given != nullptr, section_, "'{}' must be a text in quotes, not {}", name, text_of(value));
      target = *given;
    } else if constexpr (std::is_same_v<T, float>) {
      double number = 0;
      assign(name, value, number);
      target = static_cast<float>(number);
      check(std::isfinite(target), section_, "'{}' = {} is too large", name, number);
    } else if constexpr (std::is_same_v<T, double>) {
      const auto* whole = std::get_if<std::int64_t>(&value);
      const auto* real = std::get_if<double>(&value);
      check(whole != nullptr || real != nullptr, section_, "'{}' must be a number, not {}", name, text_of(value));
      target = whole != nullptr ? static_cast<double>(*whole) : *real;
      check(std::isfinite(target), section_, "'{}' must be a finite number", name);
    } else {
      static_assert(std::is_same_v<T, std::int64_t>, "options are bool, std::int64_t, float, double or std::string");
      const auto* given = std::get_if<std::int64_t>(&value);
      check(given != nullptr, section_, "'{}' must be a whole number, not {}", name, text_of(value));
      target = *given;
    }
  }

  std::string section_;
  const Settings& settings_;
  std::vector<std::string> known_;
  std::map<std::string, const char*> refused_;
};

/// Lists the fields of an options struct with the values they have.
struct FieldLister {
  std::vector<Field> fields;

  template <class T>
  void operator()(const char* name, T& value, const char* comment) {
    if constexpr (std::is_same_v<T, float>) {
      // 0.55F is shown, and read again, as 0.55.
      fields.push_back({name, std::stod(fmt::format("{}", value)), comment, {}});
    } else {
      fields.push_back({name, Value(value), comment, {}});
    }
  }
  void refuse(const char* /*name*/, const char* /*why*/) {}
  void unused(const char* name, const char* why) {
    for (Field& field : fields) {
      if (field.name == name) field.unused = why;
    }
  }
};

template <class Options>
Options read_options(std::string_view section, const Settings& settings) {
  Options options;
  SettingsReader reader(section, settings);
  options.visit(reader);
  reader.finish();
  return options;
}

template <class Options>
std::vector<Field> list_fields(Options options) {
  FieldLister lister;
  options.visit(lister);
  return std::move(lister.fields);
}

/// For a component that has no options.
struct NoOptions {
  template <class Visitor>
  void visit(Visitor& /*field*/) {}
};

/// Throws std::invalid_argument unless value is one of the known ones.
inline void check_choice(std::string_view section, std::string_view name, const std::string& value,
                         const std::vector<std::string>& known) {
  for (const std::string& choice : known) {
    if (choice == value) return;
  }
  fail(section, "{} = '{}' is unknown{}", name, value, suggestion(value, known));
}

}  // namespace biossl
