#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "biossl/core/tensor.h"

namespace biossl::testing {

/// One case of the reference arrays: its entry in manifest.json and its folder.
class ReferenceCase {
 public:
  ReferenceCase(std::filesystem::path folder, nlohmann::json entry);

  /// The array NAME.npy in the file's layout, as float32, or float64 on the reference device.
  Tensor array(const std::string& name, Device device, DType dtype = DType::float32) const;
  const nlohmann::json& settings() const { return entry_; }

 private:
  std::filesystem::path folder_;
  nlohmann::json entry_;
};

/// The folder of reference arrays: $BIOSSL_REFERENCE_DIR, or ../shared/reference beside the source folder.
std::filesystem::path reference_folder();

/// The case of that name; std::nullopt without the folder of reference arrays. Throws BadInput if the folder lacks the
/// case.
std::optional<ReferenceCase> reference_case(const std::string& name);

/// The message for skipping a test without the arrays.
std::string no_reference_arrays();

}  // namespace biossl::testing
