#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "biossl/core/device.h"

namespace biossl {

/// "0.1.0"
std::string biossl_version();
/// "biossl 0.1.0 (1f2e3d4c5b6a, vector code v4, oneDNN 3.2.0 with AVX-512)": the commit of the build, the level of
/// vector code in use (core/instruction_level.h), and the loaded oneDNN with its instruction set.
std::string program_version();
/// The content of environment.json: what a result depends on beside the recipe. {"biossl", "commit", "cpu",
/// "instruction_sets", "vector_code", "device", "threads", "onednn", "onednn_instruction_set" (the widest in use),
/// "openmp", "compiler"}; for a GPU also {"gpu", "gpu_libraries"}.
nlohmann::json describe_environment(Device device);

}  // namespace biossl
