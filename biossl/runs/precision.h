#pragma once

#include <string>

#include "biossl/core/device.h"
#include "biossl/recipe/recipe.h"
#include "biossl/runs/reporter.h"

// Which precision a recipe means on a device, and what happens where the device lacks it (core/processor.h).

namespace biossl {

/// True where a device trains with this precision: "tf32" is a GPU's, bfloat16 needs AVX-512.
bool can_train(const std::string& precision, Device device);

/// Throws BadInput, saying what to set, where the recipe asks for a precision that this device does not train with.
void check_precision(const Recipe& recipe, Device device);

/// "auto" becomes the precision that it means here, for training and for the probe's features, and the reporter is
/// told.
void settle_precision(Recipe& recipe, Device device, Reporter& reporter);

/// For a run that goes on: "auto" becomes the precision that the run began with. A run whose precision this device
/// lacks goes on in another only where `recipe` names one, and the reporter is told that the result is not bit-equal;
/// else throws BadInput.
void continue_precision(Recipe& recipe, const Recipe& begun, Device device, Reporter& reporter);

/// For an encoder that is only read: its precision becomes float32 where this device lacks it, and the reporter is
/// told.
void read_as_float32_where_needed(Recipe& recipe, Device device, Reporter& reporter);

}  // namespace biossl
