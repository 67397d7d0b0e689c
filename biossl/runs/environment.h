#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "biossl/core/device.h"

namespace biossl {

/// "0.1.0"
std::string biossl_version();
/// "biossl 0.1.0 (1f2e3d4c5b6a, vector code avx512, oneDNN 3.2.0 with AVX-512)": the commit of the build, the
/// instruction level of its vector code, and the loaded oneDNN with its instruction set.
std::string program_version();
/// The content of environment.json: what a result depends on beside the recipe. {"biossl", "commit", "cpu",
/// "instruction_sets", "device", "threads", "onednn", "onednn_instruction_set" (the widest in use), "openmp",
/// "compiler"}; for a GPU also {"gpu", "gpu_libraries"}.
nlohmann::json describe_environment(Device device);

}  // namespace biossl
