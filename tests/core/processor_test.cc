#include "biossl/core/processor.h"

#include <gtest/gtest.h>

namespace biossl {
namespace {

TEST(Processor, EveryDeviceComputesInFloat32) {
  for (const Device device : {Device::reference, Device::cpu, Device::cuda}) {
    EXPECT_TRUE(can_compute(device, DType::float32));
    EXPECT_TRUE(is_fast(device, DType::float32));
  }
}

TEST(Processor, WhatIsFastCanBeComputed) {
  for (const Device device : {Device::reference, Device::cpu, Device::cuda}) {
    EXPECT_TRUE(can_compute(device, DType::bfloat16) || !is_fast(device, DType::bfloat16));
    EXPECT_EQ(compute_type("auto", device), is_fast(device, DType::bfloat16) ? DType::bfloat16 : DType::float32);
  }
  EXPECT_TRUE(can_compute(Device::reference, DType::bfloat16)) << "plain loops compute with everything";
  EXPECT_FALSE(is_fast(Device::reference, DType::bfloat16));
}

// Measured on an Intel Xeon whose AMX a virtual machine hides: AVX-512 BF16 there is slower than float32.
TEST(Processor, IntelGainsByBfloat16WithAMXAlone) {
  const std::string set = processor_instruction_set();
#if defined(__x86_64__)
  const bool gains = set == "AVX-512 AMX" || (set == "AVX-512 BF16" && !__builtin_cpu_is("intel"));
#else
  const bool gains = false;
#endif
  EXPECT_EQ(is_fast(Device::cpu, DType::bfloat16), gains) << set;
  EXPECT_EQ(bfloat16_support(Device::cpu) == "this processor computes with bfloat16 itself", gains);
  EXPECT_EQ(bfloat16_support(Device::cpu) == "this processor is slower with bfloat16 than with float32",
            set == "AVX-512 BF16" && !gains);
}

TEST(Processor, NamesOfPrecisions) {
  EXPECT_EQ(compute_type("float32", Device::cuda), DType::float32);
  EXPECT_EQ(compute_type("tf32", Device::cuda), DType::float32);
  EXPECT_EQ(compute_type("bfloat16", Device::cpu), DType::bfloat16);
  EXPECT_EQ(compute_type("auto", Device::cuda), DType::bfloat16);
}

}  // namespace
}  // namespace biossl
