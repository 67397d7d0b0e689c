#pragma once

#include "biossl/ops/types.h"

namespace biossl::reference {

/// activation(x).
double activate(Activation activation, double x);
/// activation'(x), from y = activation(x).
double activation_slope(Activation activation, double y);

}  // namespace biossl::reference
