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

/// The available devices that are compared with the reference device.
inline std::vector<Device> compared_devices() {
  if (accelerator::count() > 0) return {Device::cpu, Device::cuda};
  return {Device::cpu};
}
/// All available devices.
inline std::vector<Device> all_devices() {
  std::vector<Device> devices = compared_devices();
  devices.insert(devices.begin(), Device::reference);
  return devices;
}
/// Whether the GPU is simulated on the CPU (tests/simulated_cuda), which is far slower than a real one.
inline bool is_simulated(Device device) {
  return device == Device::cuda && accelerator::name().starts_with("simulated");
}
/// The types of activity. Every device stores them and has its own loops for operations without a library.
inline std::vector<DType> activity_types() { return {DType::float32, DType::bfloat16}; }
/// The types in which a device computes convolutions and linear layers.
inline std::vector<DType> computed_types(Device device) {
  std::vector<DType> types = activity_types();
  std::erase_if(types, [&](DType dtype) { return !can_compute(device, dtype); });
  return types;
}
/// Called in SetUp: skips the test if the device does not compute convolutions and linear layers in this type.
inline void skip_unless_computed(Device device, DType dtype) {
  if (!can_compute(device, dtype)) GTEST_SKIP() << bfloat16_support(device);
}

/// A test case (with a member `name`), a type and a device.
template <class Case>
using OnDevice = std::tuple<Case, DType, Device>;

/// A test that needs convolutions or linear layers.
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
