#pragma once

#include <cstdint>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>

#include "biossl/core/progress.h"

namespace biossl {

/// A server cannot be reached, or does not hand out the file. What has come is kept.
class DownloadFault : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct DownloadOptions {
  int attempts = 5;          ///< that bring no byte, in a row, before it gives up
  double pause_seconds = 1;  ///< before the second attempt; doubled before each further one
  int stall_seconds = 30;    ///< an attempt that brings nothing for so long has failed
  int connect_seconds = 20;  ///< to reach a server
  int redirects = 10;        ///< that are followed at most
};

/// Whether a text is an address rather than a path: "http://…".
bool is_address(std::string_view text);

/// Loads a file of `bytes` bytes from an http or https address into `part`, and goes on behind what `part` holds if the
/// server knows ranges; otherwise it starts anew. A connection that breaks is made again. Certificates are checked.
/// Redirects lead to http and https only. Progress counts bytes of the file.
/// On return `part` holds `bytes` bytes, which may still be wrong ones. No other process may write `part`.
/// Throws DownloadFault naming the address; BadInput if what the server hands out cannot be that file: another length,
/// a web page, another range than asked for; WriteError if `part` cannot be written. What `progress` throws passes
/// through. What has come stays in `part`, unless it is longer than the file. An empty `part` is removed.
void download(const std::string& address, const std::filesystem::path& part, std::int64_t bytes,
              const Progress& progress = {}, const DownloadOptions& options = {});

}  // namespace biossl
