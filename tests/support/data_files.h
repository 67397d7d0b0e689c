#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "biossl/data/dataset.h"

namespace biossl::testing {

/// The bytes of a .npy file, as numpy.save writes it: type "<f4", shape "(2, 3)".
std::string npy_bytes(const std::string& type, const std::string& shape, const std::string& elements);
/// The little-endian bytes of numbers.
template <class Number>
std::string raw(const std::vector<Number>& numbers) {
  return {reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(Number)};
}
/// The bytes of a ZIP file.
struct ZipMember {
  std::string name, bytes;
  bool deflated = false;
  bool wide = false;  ///< its sizes stand in a ZIP64 field
};
std::string zip_bytes(const std::vector<ZipMember>& members);
/// The bytes of a gzip file.
std::string gzipped(const std::string& bytes);
/// `count` bytes that follow from a seed.
std::string noise(std::size_t count, std::uint64_t seed = 1);

/// All images of a data set, fetched one after another.
std::vector<std::uint8_t> all_bytes(const Dataset& dataset);

/// Writes versions of a file's bytes to `path` and opens each: cut at places, longer, with flipped and inserted bytes,
/// and noise. Whatever is thrown must be BadInput of one line. Returns how many versions were refused.
int mutate(const std::filesystem::path& path, const std::string& bytes, int versions,
           const std::function<void()>& open);

}  // namespace biossl::testing
