#include "biossl/core/device.h"

#include "biossl/core/error.h"

namespace biossl {

std::string_view name_of(Device device) {
  switch (device) {
    case Device::reference:
      return "reference";
    case Device::cpu:
      return "cpu";
    case Device::cuda:
      return "cuda";
  }
  return "?";
}

Device device_named(std::string_view name) {
  for (const Device device : {Device::cpu, Device::cuda, Device::reference}) {
    if (name == name_of(device)) return device;
  }
  fail("device", "there is no device '{}'; known are cpu, cuda and reference", name);
}

}  // namespace biossl
