#include "biossl/backend/backend.h"

namespace biossl::cpu::BIOSSL_LEVEL {

extern const Operations operations_of_level;

// Data only: no code of this file runs on a processor that lacks the level.
constinit const Operations operations_of_level{
#define BIOSSL_OPERATION(name, ...) .name = name,
#include "biossl/backend/operations.inc"
#define BIOSSL_OPERATION(name, ...) .name = name,
#include "biossl/backend/host_operations.inc"
};

}  // namespace biossl::cpu::BIOSSL_LEVEL
