#pragma once

#include "cli/command.h"

namespace biossl::cli {

/// Adds `biossl data fetch`.
void add_data_fetch(Command data);

}  // namespace biossl::cli
