#pragma once

#include <string>

#include "biossl/core/device.h"
#include "biossl/recipe/recipe.h"
#include "biossl/runs/reporter.h"

// Choice of the precision on a device (core/processor.h).

namespace biossl {

/// Whether a device can train with this precision: "tf32" needs a GPU, bfloat16 on a CPU needs AVX-512.
bool can_train(const std::string& precision, Device device);

/// Throws BadInput, with advice, if the device cannot train with the recipe's precision.
void check_precision(const Recipe& recipe, Device device);

/// Replaces "auto" by the actual precision of training, and tells the reporter. Tells it too of a bfloat16 that was
/// asked for and is slower than float32 on this processor.
void settle_precision(Recipe& recipe, Device device, Reporter& reporter);
/// Replaces "auto" by the actual precision of the probe's features, and tells the reporter.
void settle_probe_precision(Recipe& recipe, Device device, Reporter& reporter);

/// For a continued run: replaces "auto" by the run's precision. If the device cannot train with that, the run continues
/// only if `recipe` names another precision; the reporter is told that the result is not bit-equal. Otherwise throws
/// BadInput.
void continue_precision(Recipe& recipe, const Recipe& begun, Device device, Reporter& reporter);

/// For an encoder that is only read: uses float32 if the device lacks its precision, and tells the reporter.
void read_as_float32_where_needed(Recipe& recipe, Device device, Reporter& reporter);

}  // namespace biossl
