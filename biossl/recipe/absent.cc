#include "biossl/recipe/absent.h"

#include <algorithm>

#include "biossl/core/error.h"
#include "biossl/recipe/written_classes.h"

namespace biossl {
namespace {

[[noreturn]] void refuse(const Recipe& recipe, const AbsentComponent& it) {
  if (it.has_other_options) {
    bad_input(
        "recipe '{}': the {} '{}' that is registered here has other options than the one that the run was made "
        "with; register that one",
        recipe.name, it.what, it.name);
  }
  const std::string written = class_of_comment(it.comment);
  bad_input("recipe '{}': there is no {} '{}' here{}", recipe.name, it.what, it.name,
            written.empty() ? "; compile in, or import, what it is written in"
                            : fmt::format(", which is the Python class {}: import it first", written));
}

}  // namespace

const AbsentComponent* absent_of(const Recipe& recipe, std::string_view key) {
  const auto found = std::ranges::find(recipe.absent, key, &AbsentComponent::key);
  return found == recipe.absent.end() ? nullptr : &*found;
}

void require_registered(const Recipe& recipe, std::string_view key) {
  if (const AbsentComponent* absent = absent_of(recipe, key)) refuse(recipe, *absent);
}

void require_registered(const Recipe& recipe) {
  if (!recipe.absent.empty()) refuse(recipe, recipe.absent.front());
}

}  // namespace biossl
