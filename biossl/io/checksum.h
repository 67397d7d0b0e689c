#pragma once

#include <filesystem>
#include <string>

#include "biossl/core/progress.h"

namespace biossl {

/// The SHA-256 of a file's bytes: 64 hexadecimal digits in lower case. Progress counts bytes. Throws BadInput if the
/// file cannot be read.
std::string sha256_of(const std::filesystem::path& path, const Progress& progress = {});

}  // namespace biossl
