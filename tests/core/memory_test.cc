#include "biossl/core/memory.h"

#include <gtest/gtest.h>

#include "biossl/core/memory_use.h"

namespace biossl {
namespace {

constexpr std::size_t much = std::size_t{256} << 20;

TEST(Memory, APeakCanBeginAnew) {
#if defined(__SANITIZE_ADDRESS__)
  GTEST_SKIP() << "the address sanitizer keeps freed memory for a while";
#endif
  allocate_zeros(Device::cpu, much);  // and frees it
  const std::int64_t before = peak_memory_bytes();
  EXPECT_GE(before, static_cast<std::int64_t>(much));
  if (!restart_peak_memory()) GTEST_SKIP() << "this system cannot restart the peak";
  const std::int64_t restarted = peak_memory_bytes();
  EXPECT_LE(restarted, before - static_cast<std::int64_t>(much) / 2);
  const auto held = allocate_zeros(Device::cpu, much);
  EXPECT_GE(peak_memory_bytes(), restarted + static_cast<std::int64_t>(much) / 2);
}

TEST(Memory, WhatIsAvailableIsKnownOnTheHost) {
  for (const Device device : {Device::cpu, Device::reference}) {
    const auto available = available_memory_bytes(device);
    ASSERT_TRUE(available.has_value());
    EXPECT_GT(*available, std::int64_t{16} << 20);
  }
}

}  // namespace
}  // namespace biossl
