#pragma once

#include <string>

#include "biossl/core/device.h"
#include "biossl/core/dtype.h"

// What the devices of this machine can compute with. All code that depends on it asks here.

namespace biossl {

/// Whether a device computes convolutions and linear layers with this type of activations. `reference` and GPUs compute
/// with every type. A CPU computes with bfloat16 if it has AVX-512: oneDNN has no bfloat16 kernels for older ones.
/// ONEDNN_MAX_CPU_ISA changes the answer, because it limits what oneDNN uses.
bool can_compute(Device device, DType dtype);

/// Whether a device gains by computing with this type in place of float32. For bfloat16: a GPU; an AMD processor with
/// AVX-512 BF16; an Intel processor with AMX. Without AMX, Intel's processors multiply bfloat16 at half the rate of
/// float32, with AVX-512 BF16 too (docs/performance.md). True of float32.
bool is_fast(Device device, DType dtype);

/// How a device supports bfloat16, as the end of a sentence: "this processor computes with bfloat16 itself", "this
/// processor is slower with bfloat16 than with float32", "this processor has no bfloat16 instructions", "this processor
/// computes no bfloat16, which needs AVX-512".
std::string bfloat16_support(Device device);

/// The type of activations and errors for a recipe's precision on a device: "float32", "bfloat16", "tf32" (float32,
/// which a GPU's matrix units round when they read it) or "auto" (bfloat16 if is_fast(), else float32). Does not check
/// that the device can compute with it.
DType compute_type(const std::string& precision, Device device);

/// The widest instruction set that oneDNN uses on this processor: "AVX2", "AVX-512", "AVX-512 BF16", …
std::string processor_instruction_set();

}  // namespace biossl
