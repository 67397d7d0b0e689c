#pragma once

#include <gtest/gtest.h>

#include <string>

namespace biossl::testing {

/// The message of the action's exception of type Fault; fails the test if nothing is thrown.
template <class Fault, class Action>
std::string message_of(const Action& action) {
  try {
    action();
  } catch (const Fault& fault) {
    return fault.what();
  }
  ADD_FAILURE() << "nothing was thrown";
  return {};
}

}  // namespace biossl::testing
