#pragma once

#include "biossl/core/device.h"

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

}  // namespace biossl::ops
