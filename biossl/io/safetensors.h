#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "biossl/core/file.h"
#include "biossl/core/tensor.h"

namespace biossl {

// The safetensors format, as Python's `safetensors` reads it: the length of the header (8 bytes, little-endian); the
// header (JSON: name -> dtype, shape, data_offsets; "__metadata__": texts by name); the data, tensor after tensor
// without gaps. Files of biossl hold one more text, "crc32": the CRC-32 of all other texts and all tensors.

/// Texts by name, kept in the header.
using Metadata = std::map<std::string, std::string>;

/// A tensor to be written, in host memory.
struct NamedTensor {
  std::string name;
  Tensor tensor;
};

/// Writes a file that appears whole or not at all. Throws std::invalid_argument if a tensor is not in host memory or a
/// name is used twice; std::runtime_error naming a file that cannot be written.
void write_safetensors(const std::filesystem::path& path, const std::vector<NamedTensor>& tensors,
                       const Metadata& metadata);

/// Reads a file. The constructor checks all of it. It throws BadInput, naming the file and, if known, the byte, if the
/// file is cut short, has a damaged header, or does not match its "crc32" (files without one are accepted).
class SafetensorsFile {
 public:
  struct Entry {
    DType dtype = DType::float32;
    Shape shape;
    std::span<const std::byte> bytes;
  };

  explicit SafetensorsFile(const std::filesystem::path& path);

  const std::filesystem::path& path() const { return path_; }
  const Metadata& metadata() const { return metadata_; }
  const std::map<std::string, Entry>& tensors() const { return tensors_; }
  /// A copy of one tensor in host memory. Throws BadInput if the file does not hold it.
  Tensor read(const std::string& name) const;

 private:
  std::filesystem::path path_;
  MappedFile file_;
  Metadata metadata_;
  std::map<std::string, Entry> tensors_;
};

}  // namespace biossl
