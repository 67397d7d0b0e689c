#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "biossl/core/settings.h"

namespace biossl {

/// One value of a TOML text and its position for messages: "quick.toml:12" or "--set train.epochs=5".
struct TomlEntry {
  Value value;
  std::string where;
  bool overridden = false;  ///< given by --set, not by the file
};

/// One table of scalars.
struct TomlSection {
  std::map<std::string, TomlEntry> entries;
  std::string where;  ///< position of the table's header

  /// The values without positions.
  Settings settings() const;
};

/// A TOML text of a recipe's form: scalars at the top, tables of scalars, nested tables and arrays of tables.
struct TomlDocument {
  std::map<std::string, TomlSection> sections;             ///< by dotted name; "" is the top
  std::map<std::string, std::vector<TomlSection>> arrays;  ///< arrays of tables, by dotted name
};

/// Reads TOML. Throws BadInput("origin:line: what") for invalid TOML, another form, or tables deeper in each other than
/// any recipe's (toml_depth.h).
TomlDocument parse_toml(const std::string& text, const std::string& origin);

/// A value from the command line, as in TOML; anything else is a text without quotes.
Value parse_toml_value(std::string_view text);

/// A value in TOML; reading it gives the same value.
std::string to_toml(const Value& value);
/// A key in TOML, or a part of a table's name: in quotes where it asks for them.
std::string toml_key(std::string_view key);

}  // namespace biossl
