#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <tuple>
#include <vector>

#include "biossl/core/accelerator.h"
#include "biossl/core/device.h"
#include "biossl/core/dtype.h"
#include "biossl/core/processor.h"
#include "biossl/ops/types.h"

namespace biossl::testing {

/// The devices whose results are compared with the reference device's: those that are there.
inline std::vector<Device> compared_devices() {
  if (accelerator::count() > 0) return {Device::cpu, Device::cuda};
  return {Device::cpu};
}
/// Every device that is there.
inline std::vector<Device> all_devices() {
  std::vector<Device> devices = compared_devices();
  devices.insert(devices.begin(), Device::reference);
  return devices;
}
/// Where a GPU is this processor (tests/simulated_cuda), which takes seconds for what a real one does in a moment.
inline bool is_simulated(Device device) {
  return device == Device::cuda && accelerator::name().starts_with("simulated");
}
/// The types of activity. Every device stores them, and has its own loops for them where no library computes.
inline std::vector<DType> activity_types() { return {DType::float32, DType::bfloat16}; }
/// Those that a device computes convolutions and linear layers with.
inline std::vector<DType> computed_types(Device device) {
  std::vector<DType> types = activity_types();
  std::erase_if(types, [&](DType dtype) { return !can_compute(device, dtype); });
  return types;
}
/// Skips a test, from its SetUp, where the device does not compute convolutions and linear layers with the type.
inline void skip_unless_computed(Device device, DType dtype) {
  if (!can_compute(device, dtype)) GTEST_SKIP() << bfloat16_support(device);
}

/// A case of an operation's list (it has a member `name`), the type and the device it runs with.
template <class Case>
using OnDevice = std::tuple<Case, DType, Device>;

/// A test of what needs convolutions or linear layers.
template <class Case>
class ComputesOnDevice : public ::testing::TestWithParam<OnDevice<Case>> {
 protected:
  void SetUp() override { skip_unless_computed(std::get<Device>(this->GetParam()), std::get<DType>(this->GetParam())); }
};

/// Names the instances of a test suite over OnDevice<Case>: case_float32_cpu.
struct OnDeviceName {
  template <class Case>
  std::string operator()(const ::testing::TestParamInfo<OnDevice<Case>>& info) const {
    const auto& [each, dtype, device] = info.param;
    return fmt::format("{}_{}_{}", each.name, name_of(dtype), name_of(device));
  }
};

/// Names the instances of a test suite over cases.
struct CaseName {
  template <class Case>
  std::string operator()(const ::testing::TestParamInfo<Case>& info) const {
    return info.param.name;
  }
};

/// Names the instances of a test suite over devices.
struct DeviceName {
  std::string operator()(const ::testing::TestParamInfo<Device>& info) const {
    return std::string(name_of(info.param));
  }
};

struct ActivationName {
  std::string operator()(const ::testing::TestParamInfo<Activation>& info) const {
    return std::string(name_of(info.param));
  }
};

}  // namespace biossl::testing
