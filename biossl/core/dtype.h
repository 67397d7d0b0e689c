#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace biossl {

/// Element types of tensors. float64 arrays exist on the reference device only; other devices hold float64 sums of a
/// few numbers, such as the totals of a loss. uint8 holds pixels and pool indices; int32 holds labels and image
/// indices.
enum class DType : std::uint8_t { float32, bfloat16, float64, uint8, int32 };

std::size_t size_of(DType dtype);
std::string_view name_of(DType dtype);
/// The type of weights, updates and biases for this type of activations.
inline DType master_type(DType activations) { return activations == DType::float64 ? DType::float64 : DType::float32; }

/// The upper half of a float32: 8 bits of exponent, 7 of mantissa. For storage only; arithmetic is done in float.
struct bfloat16 {
  std::uint16_t bits = 0;

  bfloat16() = default;
  /// Rounds to nearest, ties to even; NaN stays NaN.
  explicit constexpr bfloat16(float value) : bits(round(std::bit_cast<std::uint32_t>(value))) {}
  explicit constexpr operator float() const { return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16); }

 private:
  static constexpr std::uint16_t round(std::uint32_t word) {
    const bool is_nan = (word & 0x7fffffffU) > 0x7f800000U;
    const std::uint32_t rounded = word + 0x7fffU + ((word >> 16) & 1U);
    return static_cast<std::uint16_t>((is_nan ? (word | 0x00400000U) : rounded) >> 16);
  }
};

/// The DType of a C++ element type.
template <class T>
struct dtype_of;
template <>
struct dtype_of<float> {
  static constexpr DType value = DType::float32;
};
template <>
struct dtype_of<bfloat16> {
  static constexpr DType value = DType::bfloat16;
};
template <>
struct dtype_of<double> {
  static constexpr DType value = DType::float64;
};
template <>
struct dtype_of<std::uint8_t> {
  static constexpr DType value = DType::uint8;
};
template <>
struct dtype_of<std::int32_t> {
  static constexpr DType value = DType::int32;
};

}  // namespace biossl
