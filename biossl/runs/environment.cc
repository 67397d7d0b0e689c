#include "biossl/runs/environment.h"

#include <fmt/format.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <vector>

#include "biossl/core/accelerator.h"
#include "biossl/core/instruction_level.h"
#include "biossl/core/onednn.h"
#include "biossl/core/parallel.h"
#include "biossl/core/processor.h"

namespace biossl {
namespace {

/// The value of the first line "key : value" of /proc/cpuinfo; "" if there is none.
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

}  // namespace

std::string biossl_version() { return BIOSSL_VERSION; }

std::string program_version() {
  return fmt::format("biossl {} ({}, vector code {}, oneDNN {} with {})", BIOSSL_VERSION, BIOSSL_COMMIT,
                     instruction_level_name(), onednn_version(), processor_instruction_set());
}

nlohmann::json describe_environment(Device device) {
  nlohmann::json environment{{"biossl", BIOSSL_VERSION},
                             {"commit", BIOSSL_COMMIT},
                             {"cpu", cpu_info("model name")},
                             {"instruction_sets", instruction_sets()},
                             {"vector_code", instruction_level_name()},
                             {"device", std::string(name_of(device))},
                             {"threads", threads()},
                             {"onednn", onednn_version()},
                             {"onednn_instruction_set", processor_instruction_set()},
                             {"openmp", _OPENMP},
                             {"compiler", __VERSION__}};
  if (device != Device::cuda) return environment;
  environment["gpu"] = accelerator::name();
  environment["gpu_libraries"] = accelerator::library_versions();
  return environment;
}

}  // namespace biossl
