#pragma once

#include <string>
#include <vector>

#include "biossl/core/settings.h"

namespace biossl {

/// Something that a recipe can name.
struct NamedComponent {
  std::string name;
  std::string summary;
  std::vector<Field> fields;  ///< its options with their defaults
};

/// A kind of such things.
struct ComponentKind {
  const char* title;                       ///< "losses"
  std::vector<const char*> keys;           ///< of a recipe, which name one of them: "loss.kind"
  std::vector<NamedComponent> components;  ///< sorted by name
};

/// All that recipes can name, kind by kind, as it is registered now.
std::vector<ComponentKind> component_kinds();

}  // namespace biossl
