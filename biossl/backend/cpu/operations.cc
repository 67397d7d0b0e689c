#include "biossl/backend/backend.h"
#include "biossl/core/instruction_level.h"

namespace biossl::cpu {

#define LEVEL(code, name)                      \
  namespace code {                             \
  extern const Operations operations_of_level; \
  }
BIOSSL_LEVELS
#undef LEVEL

const Operations& operations() {
  static const Operations* const of_levels[] = {
#define LEVEL(code, name) &code::operations_of_level,
      BIOSSL_LEVELS
#undef LEVEL
  };
  return *at_level(of_levels);
}

}  // namespace biossl::cpu
