#pragma once

#include <filesystem>
#include <string>

namespace biossl::cli {

/// Opens /dev/null in place of standard descriptors that are closed, so that no file of ours takes their numbers and
/// gets what is printed. To be called before anything else opens a file.
void open_standard_descriptors();

/// Writes to stdout at once. A fault is told at the end, by exit_code: it must not cost results.
void show(const std::string& text);

/// Says that a write to stdout failed with this errno.
void note_output_fault(int fault);

/// What the program ends with: `code`, unless what it printed could not be written. Then that is told and it is 1, or,
/// where the reader has gone away, 128 + SIGPIPE.
int exit_code(int code);

/// Where a file is to be written that the user calls `path`. If that is what stdout goes to, as with /dev/stdout,
/// messages go to stderr from here on, so that the two do not mix.
std::filesystem::path apart_from_messages(const std::filesystem::path& path);

}  // namespace biossl::cli
