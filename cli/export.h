#pragma once

#include "cli/python_package.h"

namespace biossl::cli {

/// What writes a run for TensorBoard: `--tensorboard DIR [--follow] RUN`. With --follow it goes on until its standard
/// input ends.
PythonModule tensorboard_module();

}  // namespace biossl::cli
