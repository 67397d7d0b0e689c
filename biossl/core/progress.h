#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

namespace biossl {

/// Called with the progress of long work: `done` of `total` units, and a short text about the last one ("loss 1.23").
/// May throw to stop the work.
using Progress = std::function<void(std::int64_t done, std::int64_t total, std::string_view text)>;

}  // namespace biossl
