#pragma once

#include <exception>
#include <string>

namespace biossl {

/// "3.2.0": the version of the loaded library, not of the header.
std::string onednn_version();
/// Throws std::runtime_error if the loaded oneDNN is older than the one this was compiled for, or has another major
/// version.
void check_onednn();
/// True if an exception means that memory has run out: std::bad_alloc, or oneDNN's out-of-memory error, whose text does
/// not say so.
bool means_no_memory(const std::exception& error);

}  // namespace biossl
