#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "biossl/core/settings.h"

namespace biossl {

/// One value of a TOML text and where it stands, for messages: "quick.toml:12" or "--set train.epochs=5".
struct TomlEntry {
  Value value;
  std::string where;
  bool overridden = false;  ///< given by --set, not by the file
};

/// One table of scalars.
struct TomlSection {
  std::map<std::string, TomlEntry> entries;
  std::string where;  ///< of the table's head

  /// The values without their places.
  Settings settings() const;
};

/// A TOML text of the shape recipes have: scalars on top, tables of scalars, tables inside tables and arrays of tables.
struct TomlDocument {
  std::map<std::string, TomlSection> sections;             ///< by dotted name; "" holds what stands above all tables
  std::map<std::string, std::vector<TomlSection>> arrays;  ///< arrays of tables, by dotted name
};

/// Reads TOML. Throws BadInput("origin:line: what") for what is no TOML or has another shape than the above.
TomlDocument parse_toml(const std::string& text, const std::string& origin);

/// A value given on the command line, as in TOML; what is no TOML value is a text without its quotes.
Value parse_toml_value(std::string_view text);

/// A value as TOML writes it. Reading it back gives the very same value.
std::string to_toml(const Value& value);

}  // namespace biossl
