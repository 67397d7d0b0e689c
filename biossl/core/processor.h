#pragma once

#include <string>

#include "biossl/core/device.h"
#include "biossl/core/dtype.h"

// What the devices of this machine compute with. Everything that depends on it asks here.

namespace biossl {

/// True where a device computes convolutions and linear layers on activity of this type. `reference` and GPUs compute
/// with every type. A processor computes with bfloat16 from AVX-512 on: oneDNN has no such kernels for older ones. What
/// oneDNN may use counts, so the environment variable ONEDNN_MAX_CPU_ISA changes the answer.
bool can_compute(Device device, DType dtype);

/// True where a device has instructions for this type, so that nothing narrower or wider is faster: a GPU for bfloat16,
/// a processor for bfloat16 from AVX-512 BF16 on.
bool is_fast(Device device, DType dtype);

/// What there is to say about a device and bfloat16, as the end of a sentence: "this processor computes with bfloat16
/// itself", "this processor has no bfloat16 instructions", "this processor computes no bfloat16, which needs AVX-512".
std::string bfloat16_support(Device device);

/// The type of activity and errors that a recipe's precision means on a device: "float32", "bfloat16", "tf32" (float32,
/// which a GPU's matrix units round on its way in) or "auto" (bfloat16 where that is fast, else float32). Says nothing
/// about whether the device can compute with it.
DType compute_type(const std::string& precision, Device device);

/// The widest instruction set that oneDNN uses on this processor: "AVX2", "AVX-512", "AVX-512 BF16", …
std::string processor_instruction_set();

}  // namespace biossl
