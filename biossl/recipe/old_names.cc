#include "biossl/recipe/old_names.h"

#include <fmt/format.h>

#include "biossl/core/error.h"

namespace biossl {
namespace {

struct OldKey {
  const char* section;
  const char* before;
  const char* now;
};
constexpr OldKey old_keys[] = {{"train", "chunk", "micro_batch"}};

struct OldValue {
  const char* section;
  const char* key;
  const char* before;
  const char* now;
};
constexpr OldValue old_values[] = {{"rule", "kind", "random", "none"}};

}  // namespace

std::vector<std::string> replace_old_names(TomlDocument& document) {
  std::vector<std::string> notes;
  for (const auto& [name, before, now] : old_keys) {
    const auto section = document.sections.find(name);
    if (section == document.sections.end()) continue;
    auto& entries = section->second.entries;
    const auto old = entries.find(before);
    if (old == entries.end()) continue;
    const auto present = entries.find(now);
    const bool both = present != entries.end() && present->second.overridden == old->second.overridden;
    if (both) bad_input("{}: {}.{} and its old name '{}' are both given", old->second.where, name, now, before);
    notes.push_back(fmt::format("{0}.{1} is called {0}.{2} now", name, before, now));
    if (present == entries.end() || old->second.overridden) entries[now] = old->second;
    entries.erase(before);
  }
  for (const auto& [name, key, before, now] : old_values) {
    const auto section = document.sections.find(name);
    if (section == document.sections.end()) continue;
    const auto entry = section->second.entries.find(key);
    if (entry == section->second.entries.end() || entry->second.value != Value(std::string(before))) continue;
    notes.push_back(fmt::format("{}.{} = \"{}\" is called \"{}\" now", name, key, before, now));
    entry->second.value = std::string(now);
  }
  return notes;
}

}  // namespace biossl
