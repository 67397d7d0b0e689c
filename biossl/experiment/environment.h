#pragma once

#include <exception>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "biossl/core/device.h"

namespace biossl {

/// "0.1.0"
std::string biossl_version();
/// True for what is thrown where memory has run out: by the language, or by oneDNN, whose words do not say so.
bool means_no_memory(const std::exception& error);
/// environment.json: what a result depends on beside the recipe. {"biossl", "commit", "cpu", "instruction_sets",
/// "device", "threads", "onednn", "onednn_instruction_set" (the widest that it uses), "openmp", "compiler"}; of a GPU
/// also {"gpu", "gpu_libraries"}.
nlohmann::json describe_environment(Device device);

}  // namespace biossl
