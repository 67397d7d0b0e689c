#include "biossl/recipe/component_kinds.h"

#include "biossl/recipe/component_table.h"

namespace biossl {

std::vector<ComponentKind> component_kinds() {
  std::vector<ComponentKind> kinds;
  for (const ComponentRow& row : component_table()) kinds.push_back({row.title, row.keys, row.components()});
  return kinds;
}

}  // namespace biossl
