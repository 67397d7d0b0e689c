#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "biossl/recipe/data_sets.h"

namespace biossl::python {

/// Starts the threads, once, unless the user has set their number already. Comes before every computation: a forked
/// process is told that it has one thread.
void start_computing();
/// Where a job finds its images and computes. Throws std::invalid_argument for an unknown device, std::runtime_error if
/// there is no GPU.
ExecutionContext context_of(const std::filesystem::path& data, const std::string& device);

/// Tells a line as a warning of Python's, at the caller of the function that has called the engine.
void warn(std::string_view line);

}  // namespace biossl::python
