#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "biossl/core/device.h"
#include "biossl/core/dtype.h"

namespace biossl {

/// "0.1.0"
std::string biossl_version();
/// True where this processor multiplies bfloat16 numbers itself.
bool has_native_bfloat16();
/// The compute type that a recipe's precision means here: "float32", "bfloat16", or "auto": bfloat16 on a GPU and where
/// the processor has instructions for it. "tf32" is float32, which a GPU's matrix units round on its way in.
DType compute_type(const std::string& precision, Device device);
/// The processors that this process may run on.
int available_processors();
/// environment.json: what a result depends on beside the recipe. {"biossl", "commit", "cpu", "instruction_sets",
/// "device", "threads", "onednn", "openmp", "compiler"}; of a GPU also {"gpu", "gpu_libraries"}.
nlohmann::json describe_environment(Device device);

}  // namespace biossl
