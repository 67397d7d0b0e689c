#pragma once

#include <string_view>

#include "biossl/core/device.h"
#include "biossl/ops/elementwise.h"

namespace biossl::ops {

/// The implementation of an operation for a device.
template <class Function>
Function* dispatch(Device device, Function* reference, Function* cpu, Function* cuda) {
  switch (device) {
    case Device::reference:
      return reference;
    case Device::cpu:
      return cpu;
    case Device::cuda:
      break;
  }
  return cuda;
}

/// The implementation of an operation that no GPU has. Throws std::invalid_argument for a GPU.
template <class Function>
Function* host_dispatch(std::string_view operation, Device device, Function* reference, Function* cpu) {
  require_host(device, operation);
  return device == Device::reference ? reference : cpu;
}

}  // namespace biossl::ops
