#include "tests/support/reference_case.h"

#include <algorithm>
#include <cstdlib>

#include "biossl/core/error.h"
#include "biossl/core/file.h"
#include "tests/support/npy.h"
#include "tests/support/paths.h"

namespace biossl::testing {
namespace {

Shape shape_of(const std::vector<std::int64_t>& extents) {
  switch (extents.size()) {
    case 0:
      return {};
    case 1:
      return {extents[0]};
    case 2:
      return {extents[0], extents[1]};
    case 3:
      return {extents[0], extents[1], extents[2]};
    default:
      return {extents[0], extents[1], extents[2], extents[3]};
  }
}

}  // namespace

ReferenceCase::ReferenceCase(std::filesystem::path folder, nlohmann::json entry)
    : folder_(std::move(folder)), entry_(std::move(entry)) {}

Tensor ReferenceCase::array(const std::string& name, Device device, DType dtype) const {
  const Array array = read_npy(folder_ / (name + ".npy"));
  const auto& listed = entry_.at("arrays").at(name);
  if (listed.get<std::vector<std::int64_t>>() != array.shape) {
    bad_input("{}/{}.npy: the shape differs from the manifest's", folder_.string(), name);
  }
  Tensor tensor(shape_of(array.shape), dtype, device == Device::cuda ? Device::cpu : device);
  if (dtype == DType::float64) {
    std::copy(array.values.begin(), array.values.end(), tensor.data<double>());
  } else {
    std::copy(array.values.begin(), array.values.end(), tensor.data<float>());
  }
  if (device != Device::cuda) return tensor;
  Tensor there(tensor.shape(), dtype, device);
  copy(tensor, there);
  return there;
}

std::filesystem::path reference_folder() {
  const char* given = std::getenv("BIOSSL_REFERENCE_DIR");
  if (given != nullptr && *given != '\0') return given;
  return std::filesystem::path(testing::paths::source) / ".." / "shared" / "reference";
}

std::optional<ReferenceCase> reference_case(const std::string& name) {
  const std::filesystem::path folder = reference_folder();
  if (!std::filesystem::exists(folder / "manifest.json")) return std::nullopt;
  const auto manifest = nlohmann::json::parse(read_file(folder / "manifest.json"));
  if (!manifest.contains(name)) bad_input("{}/manifest.json: has no case '{}'", folder.string(), name);
  return ReferenceCase(folder / name, manifest.at(name));
}

std::string no_reference_arrays() {
  return "no reference arrays in " + reference_folder().string() + "; set BIOSSL_REFERENCE_DIR to their folder";
}

}  // namespace biossl::testing
