#pragma once

#include "cli/command.h"

namespace biossl::cli {

/// `biossl data pack`.
void add_data_pack(Command data);

}  // namespace biossl::cli
