#pragma once

#include <exception>
#include <string>

// The oneDNN that was loaded.

namespace biossl {

/// "3.2.0"; of the library that was loaded, not of the header.
std::string onednn_version();
/// Throws std::runtime_error where the oneDNN that was loaded cannot do what this was compiled for: it is older, or has
/// another major version.
void check_onednn();
/// True for what is thrown where memory has run out: by the language, or by oneDNN, whose words do not say so.
bool means_no_memory(const std::exception& error);

}  // namespace biossl
