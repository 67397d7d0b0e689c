#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "biossl/ops/ops.h"
#include "tests/support/devices.h"
#include "tests/support/tensors.h"

// What the tests of arguments share.

namespace biossl::testing {

inline Tensor floats(const Shape& shape, Device device = Device::reference) { return {shape, DType::float32, device}; }
inline Tensor of_type(DType dtype, const Shape& shape) { return {shape, dtype, Device::reference}; }
inline Tensor whole(const std::vector<std::int32_t>& values) { return indices_of(values, Device::reference); }

/// A call that must be refused, and what the message must say.
struct WrongCall {
  const char* name;
  const char* message;
  void (*call)();
};

/// Throws std::invalid_argument whose message starts as `call` says.
inline void expect_refused(const WrongCall& call) {
  EXPECT_THAT(call.call, ::testing::ThrowsMessage<std::invalid_argument>(::testing::StartsWith(call.message)));
}

}  // namespace biossl::testing
