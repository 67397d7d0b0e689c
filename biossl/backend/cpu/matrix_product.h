#pragma once

#include <cstdint>

#include "biossl/core/tensor.h"

namespace biossl::cpu {

/// Whether a factor is transposed.
enum class As : std::uint8_t { it_is, transposed };

/// c = a b for float32 matrices. The primitive is made once per shape and kept.
void matrix_product(const Tensor& a, As a_as, const Tensor& b, As b_as, Tensor& c);

}  // namespace biossl::cpu
