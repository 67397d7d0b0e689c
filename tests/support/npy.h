#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace biossl::testing {

/// A .npy array: format version 1 or 2, little-endian float32 in C order.
struct Array {
  std::vector<std::int64_t> shape;
  std::vector<float> values;
};

/// Parses the bytes of a .npy file. Throws BadInput, with the reason, for anything else.
Array parse_npy(const std::string& bytes, const std::string& name);
Array read_npy(const std::filesystem::path& path);

}  // namespace biossl::testing
