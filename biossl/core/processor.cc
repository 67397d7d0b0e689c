#include "biossl/core/processor.h"

#include <dnnl.h>

#include "biossl/core/instruction_level.h"

namespace biossl {
namespace {

/// oneDNN's instruction sets are sets of bits: each contains the bits of those that it extends. The names are those of
/// x86-64; on other processors the same bits mean others.
bool onednn_uses([[maybe_unused]] dnnl_cpu_isa_t instruction_set) {
#if defined(__x86_64__)
  instruction_level();  // which may limit oneDNN
  const int wanted = instruction_set;
  return (static_cast<int>(dnnl_get_effective_cpu_isa()) & wanted) == wanted;
#else
  return false;
#endif
}

/// An instruction of AVX-512 BF16 makes two products for each of float32's one. Intel's processors begin a quarter as
/// many of them in a cycle.
bool is_intel() {
#if defined(__x86_64__)
  return __builtin_cpu_is("intel") != 0;
#else
  return false;
#endif
}

bool has_bfloat16_instructions(Device device) {
  return device == Device::cuda || (device == Device::cpu && onednn_uses(dnnl_cpu_isa_avx512_core_bf16));
}

}  // namespace

bool can_compute(Device device, DType dtype) {
  return device != Device::cpu || dtype != DType::bfloat16 || onednn_uses(dnnl_cpu_isa_avx512_core);
}

bool is_fast(Device device, DType dtype) {
  if (dtype != DType::bfloat16 || device == Device::cuda) return true;
  return has_bfloat16_instructions(device) && (!is_intel() || onednn_uses(dnnl_cpu_isa_avx512_core_amx));
}

std::string bfloat16_support(Device device) {
  const std::string who = device == Device::cuda ? "this GPU" : "this processor";
  if (!can_compute(device, DType::bfloat16)) return who + " computes no bfloat16, which needs AVX-512";
  if (!has_bfloat16_instructions(device)) return who + " has no bfloat16 instructions";
  if (!is_fast(device, DType::bfloat16)) return who + " is slower with bfloat16 than with float32";
  return who + " computes with bfloat16 itself";
}

DType compute_type(const std::string& precision, Device device) {
  const bool narrow = precision == "bfloat16" || (precision == "auto" && is_fast(device, DType::bfloat16));
  return narrow ? DType::bfloat16 : DType::float32;
}

std::string processor_instruction_set() {
  const std::pair<dnnl_cpu_isa_t, const char*> names[] = {{dnnl_cpu_isa_avx512_core_amx, "AVX-512 AMX"},
                                                          {dnnl_cpu_isa_avx512_core_bf16, "AVX-512 BF16"},
                                                          {dnnl_cpu_isa_avx512_core, "AVX-512"},
                                                          {dnnl_cpu_isa_avx2, "AVX2"},
                                                          {dnnl_cpu_isa_avx, "AVX"},
                                                          {dnnl_cpu_isa_sse41, "SSE4.1"}};
  for (const auto& [instruction_set, name] : names) {
    if (onednn_uses(instruction_set)) return name;
  }
  return "none of its own";
}

}  // namespace biossl
