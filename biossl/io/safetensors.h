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

// Files in the safetensors format, which Python's `safetensors` and others read: the length of the header (8 bytes,
// little-endian), the header (JSON: name -> dtype, shape, data_offsets; "__metadata__": texts by name), the data, row
// by row, tensor after tensor without gaps. Ours hold one more text, "crc32": the CRC-32 of all that the file says,
// other texts and tensors.

/// Texts by name, kept in the header.
using Metadata = std::map<std::string, std::string>;

/// A tensor to be written, in host memory.
struct NamedTensor {
  std::string name;
  Tensor tensor;
};

/// Writes a file that appears whole or not at all. Throws std::invalid_argument for a tensor that is not in host memory
/// or a name that is used twice, std::runtime_error naming a file that cannot be written.
void write_safetensors(const std::filesystem::path& path, const std::vector<NamedTensor>& tensors,
                       const Metadata& metadata);

/// A file to read from. Everything in it is checked when it is opened: a file that is cut short, changed in its header
/// or other than its "crc32", where it has one, throws BadInput, naming the file and the byte where there is one.
class SafetensorsFile {
 public:
  /// One tensor's place in the file.
  struct Entry {
    DType dtype = DType::float32;
    Shape shape;
    std::span<const std::byte> bytes;
  };

  explicit SafetensorsFile(const std::filesystem::path& path);

  const std::filesystem::path& path() const { return path_; }
  const Metadata& metadata() const { return metadata_; }
  const std::map<std::string, Entry>& tensors() const { return tensors_; }
  /// A copy of one tensor in host memory. Throws BadInput where the file does not hold it.
  Tensor read(const std::string& name) const;

 private:
  std::filesystem::path path_;
  MappedFile file_;
  Metadata metadata_;
  std::map<std::string, Entry> tensors_;
};

}  // namespace biossl
