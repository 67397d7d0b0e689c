#include "biossl/core/instruction_sets.h"

namespace biossl {
namespace BIOSSL_LEVEL {

// Data only: no code of this file runs before instruction_check.cc.
#define TEXT_OF(macro) #macro
#define INSTRUCTION_SET(name, macro) TEXT_OF(macro)[0] == '1',
constinit const bool compiled_for_instruction_set[] = {
#include "biossl/core/instruction_sets.inc"
};
#undef INSTRUCTION_SET
#undef TEXT_OF

}  // namespace BIOSSL_LEVEL
}  // namespace biossl
