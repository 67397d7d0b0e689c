#include "biossl/core/instruction_sets.h"

namespace biossl {

// Data alone: no instruction of this file runs before instruction_check.cc has looked.
#define TEXT_OF(macro) #macro
#define INSTRUCTION_SET(name, macro) TEXT_OF(macro)[0] == '1',
constinit const bool compiled_for_instruction_set[] = {
#include "biossl/core/instruction_sets.inc"
};
#undef INSTRUCTION_SET
#undef TEXT_OF

}  // namespace biossl
