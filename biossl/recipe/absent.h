#pragma once

#include <string_view>

#include "biossl/recipe/recipe.h"

namespace biossl {

/// The component that a key of the recipe names ("loss.kind"), if it is absent; otherwise null.
const AbsentComponent* absent_of(const Recipe& recipe, std::string_view key);
/// Throws BadInput, which says what to register, if the component that a key names is absent.
void require_registered(const Recipe& recipe, std::string_view key);
/// The same for all of them: only a recipe without absent components can be learnt by.
void require_registered(const Recipe& recipe);

}  // namespace biossl
