#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "biossl/core/settings.h"
#include "biossl/recipe/component_kinds.h"
#include "biossl/recipe/recipe.h"

namespace biossl {

/// What a recipe asks of a registry, whatever kind of component that holds.
struct RegistryAccess {
  const char* kind;  ///< what its components are called: "loss"
  bool (*contains)(const std::string& name);
  /// These throw std::invalid_argument for an unknown name, and for settings that the component does not take.
  NamedComponent (*find)(const std::string& name);
  std::vector<Field> (*resolve)(const std::string& name, const Settings& settings);  ///< defaults filled in
};

template <class RegistryType>
inline constexpr RegistryAccess registry_access{
    .kind = RegistryType::kind(),
    .contains = [](const std::string& name) { return RegistryType::instance().entries().contains(name); },
    .find =
        [](const std::string& name) {
          const auto& entry = RegistryType::instance().find(name);
          return NamedComponent{name, entry.summary, entry.fields};
        },
    .resolve = [](const std::string& name,
                  const Settings& settings) { return RegistryType::instance().find(name).resolve(settings); }};

/// How a recipe names components of one kind, and where it holds their settings.
struct ComponentRow {
  const char* title;                            ///< "feedback paths"
  std::vector<const char*> keys;                ///< of a recipe, which name one of them: "rule.feedback"
  const char* section;                          ///< of its settings: "feedback"
  std::vector<NamedComponent> (*components)();  ///< as they are registered now, sorted by name
  const RegistryAccess* registry = nullptr;     ///< null: they are no registered components
  /// Where a Recipe keeps the one that is named; null for kinds that are read in ways of their own (data, network).
  Choice Recipe::*choice = nullptr;
  /// Makes it, to find values out of range; null where that takes data.
  void (*try_out)(const Recipe& recipe, const Choice& choice) = nullptr;

  /// "rule" and "feedback" of the key "rule.feedback".
  std::string naming_section() const;
  std::string naming_key() const;
};

/// Every kind of component, in the order in which a recipe is written.
const std::vector<ComponentRow>& component_table();
/// The sections that name components, in that order: data, views, network, …; without the parts of [network].
std::vector<std::string> naming_sections();
/// The kinds with a `choice` that keys of this section name: learning rules and feedback paths for "rule".
std::vector<const ComponentRow*> choices_named_in(std::string_view section);

}  // namespace biossl
