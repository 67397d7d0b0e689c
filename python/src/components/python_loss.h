#pragma once

#include <nanobind/nanobind.h>

#include <memory>
#include <string>

#include "biossl/losses/loss.h"

namespace biossl::python {

namespace nb = nanobind;

/// The loss that an object of a biossl.Loss computes. `owner` is who uses it, for messages.
std::unique_ptr<Loss> loss_of_object(const std::string& owner, const nb::object& object, const LossSetup& setup);

}  // namespace biossl::python
