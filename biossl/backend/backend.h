#pragma once

#include <cstdint>
#include <span>

#include "biossl/core/level.h"
#include "biossl/core/random.h"
#include "biossl/core/tensor.h"
#include "biossl/ops/crops.h"
#include "biossl/ops/elementwise.h"
#include "biossl/ops/parameter_step.h"
#include "biossl/ops/pooled_error.h"
#include "biossl/ops/row_pairs.h"
#include "biossl/ops/types.h"
#include "biossl/ops/weights.h"

// The implementations of ops/ops.h. cuda is backend/cuda or, in a build without CUDA, backend/no_cuda. cpu has one for
// each level of instruction sets that the build has (core/level.h).

namespace biossl::reference {
#define BIOSSL_OPERATION(name, ...) void name(__VA_ARGS__);
#include "biossl/backend/operations.inc"
#define BIOSSL_OPERATION(name, ...) void name(__VA_ARGS__);
#include "biossl/backend/host_operations.inc"
}  // namespace biossl::reference

namespace biossl::cpu {
namespace BIOSSL_LEVEL {
#define BIOSSL_OPERATION(name, ...) void name(__VA_ARGS__);
#include "biossl/backend/operations.inc"
#define BIOSSL_OPERATION(name, ...) void name(__VA_ARGS__);
#include "biossl/backend/host_operations.inc"
}  // namespace BIOSSL_LEVEL

/// The operations of one level.
struct Operations {
#define BIOSSL_OPERATION(name, ...) void (*name)(__VA_ARGS__);
#include "biossl/backend/operations.inc"
#define BIOSSL_OPERATION(name, ...) void (*name)(__VA_ARGS__);
#include "biossl/backend/host_operations.inc"
};

/// Those of the level in use (core/instruction_level.h).
const Operations& operations();
}  // namespace biossl::cpu

namespace biossl::cuda {
#define BIOSSL_OPERATION(name, ...) void name(__VA_ARGS__);
#include "biossl/backend/operations.inc"
}  // namespace biossl::cuda
