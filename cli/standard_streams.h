#pragma once

#include <filesystem>
#include <string>

namespace biossl::cli {

/// Opens /dev/null for closed standard descriptors, so that no other file gets their numbers and the output. Call it
/// before any file is opened.
void open_standard_descriptors();

/// Writes to stdout at once. A fault is reported at the end, by exit_code, because it must not cost results.
void show(const std::string& text);

/// Records that a write to stdout failed with this errno.
void note_output_fault(int fault);

/// The exit code of the program: `code`, unless output could not be written. That is reported and gives 1, or 128 +
/// SIGPIPE if the reader has closed.
int exit_code(int code);

/// The path to write to for the user's `path`. If it is the target of stdout, as /dev/stdout is, messages go to stderr
/// from here on, so that the two do not mix.
std::filesystem::path apart_from_messages(const std::filesystem::path& path);

}  // namespace biossl::cli
