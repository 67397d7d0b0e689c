#include "biossl/experiment/environment.h"

#include <fmt/format.h>

#include <dnnl.hpp>
#include <fstream>
#include <new>
#include <nlohmann/json.hpp>
#include <sstream>
#include <stdexcept>
#include <vector>

#include "biossl/backend/cuda_device.h"
#include "biossl/core/parallel.h"
#include "biossl/core/processor.h"

namespace biossl {
namespace {

/// The value of the first line "key : value" of /proc/cpuinfo; "" where there is none.
std::string cpu_info(const std::string& key) {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    const std::size_t colon = line.find(':');
    if (!line.starts_with(key) || colon == std::string::npos) continue;
    const std::size_t start = line.find_first_not_of(" \t", colon + 1);
    return start == std::string::npos ? "" : line.substr(start);
  }
  return "";
}

/// The vector and matrix extensions among the processor's flags.
std::vector<std::string> instruction_sets() {
  std::vector<std::string> found;
  std::istringstream flags(cpu_info("flags"));
  for (std::string flag; flags >> flag;) {
    if (flag == "fma" || flag.starts_with("avx") || flag.starts_with("amx")) found.push_back(flag);
  }
  return found;
}

/// Of the library that was loaded, not of the header.
std::string onednn_version() {
  const dnnl_version_t* version = dnnl_version();
  return fmt::format("{}.{}.{}", version->major, version->minor, version->patch);
}

}  // namespace

std::string biossl_version() { return BIOSSL_VERSION; }

bool means_no_memory(const std::exception& error) {
  if (dynamic_cast<const std::bad_alloc*>(&error) != nullptr) return true;
  const auto* onednn = dynamic_cast<const dnnl::error*>(&error);
  return onednn != nullptr && onednn->status == dnnl_out_of_memory;
}

std::string program_version() {
  return fmt::format("biossl {} ({}, oneDNN {})", BIOSSL_VERSION, BIOSSL_COMMIT, onednn_version());
}

void check_onednn() {
  const dnnl_version_t* loaded = dnnl_version();
  if (loaded->major == DNNL_VERSION_MAJOR && loaded->minor >= DNNL_VERSION_MINOR) return;
  throw std::runtime_error(
      fmt::format("this program was compiled with oneDNN {}.{}, but oneDNN {} was loaded; build it anew, or take the "
                  "folder of the other libdnnl out of LD_LIBRARY_PATH",
                  DNNL_VERSION_MAJOR, DNNL_VERSION_MINOR, onednn_version()));
}

nlohmann::json describe_environment(Device device) {
  nlohmann::json environment{{"biossl", BIOSSL_VERSION},
                             {"commit", BIOSSL_COMMIT},
                             {"cpu", cpu_info("model name")},
                             {"instruction_sets", instruction_sets()},
                             {"device", std::string(name_of(device))},
                             {"threads", threads()},
                             {"onednn", onednn_version()},
                             {"onednn_instruction_set", processor_instruction_set()},
                             {"openmp", _OPENMP},
                             {"compiler", __VERSION__}};
  if (device != Device::cuda) return environment;
  environment["gpu"] = cuda::device_name();
  environment["gpu_libraries"] = cuda::library_versions();
  return environment;
}

}  // namespace biossl
