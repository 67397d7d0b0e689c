#include "biossl/training/feature_memory.h"

#include <limits>
#include <numeric>
#include <stdexcept>
#include <utility>

#include "biossl/core/memory_use.h"
#include "biossl/core/processor.h"
#include "biossl/core/wording.h"

namespace biossl {
namespace {

std::string beside(std::int64_t bytes, std::int64_t budget) {
  return fmt::format("{:.1f} GB, and {:.1f} GB of memory are for them", static_cast<double>(bytes) / 1e9,
                     static_cast<double>(budget) / 1e9);
}

}  // namespace

FeatureMemory::FeatureMemory(const Recipe& recipe, Device device, std::int64_t images, std::filesystem::path scratch,
                             Reporter& reporter)
    : recipe_(recipe),
      device_(device),
      dtype_(compute_type(recipe.probe.precision, device)),
      images_(images),
      scratch_(std::move(scratch)),
      reporter_(reporter) {}

std::vector<std::vector<int>> FeatureMemory::passes(const Network& network) const {
  if (recipe_.probe.blocks != "all") return {{network.depth() - 1}};
  std::vector<std::int64_t> bytes;
  for (int block = 0; block < network.depth(); ++block) {
    bytes.push_back(bytes_of(network.block(block).plan().output.size()));
  }
  const std::int64_t most = budget();
  const auto passes = share_passes(bytes, most);
  if (passes.size() > 1) {
    reporter_.note(fmt::format("the features of all blocks take {}: {} passes",
                               beside(std::accumulate(bytes.begin(), bytes.end(), std::int64_t{0}), most),
                               passes.size()));
  }
  return passes;
}

FeatureStorage FeatureMemory::storage(std::int64_t size, const std::string& name) const {
  const std::int64_t bytes = bytes_of(size);
  const std::int64_t most = budget();
  if (bytes <= most) return in_memory();
  if (device_ == Device::cuda) {
    throw std::runtime_error(
        fmt::format("{}: features take {}; probe.precision = \"bfloat16\" or fewer data.probe_images need less, and "
                    "{} reads them from a file",
                    name, beside(bytes, most), wording::option("device", "cpu")));
  }
  reporter_.note(
      fmt::format("{}: features take {}; they are read from a temporary file in {} in every epoch "
                  "(probe.memory_gb, probe.precision)",
                  name, beside(bytes, most), scratch_.string()));
  return {.dtype = dtype_, .folder = scratch_};
}

std::int64_t FeatureMemory::budget() const {
  const std::int64_t free = available_memory_bytes(device_).value_or(std::numeric_limits<std::int64_t>::max());
  if (recipe_.probe.memory_gb == 0) return free / 5 * 4;  // the rest is for the probe itself and other work
  const double wanted = recipe_.probe.memory_gb * 1e9;
  const std::int64_t most = free / 20 * 19;
  return wanted < static_cast<double>(most) ? static_cast<std::int64_t>(wanted) : most;
}

std::int64_t FeatureMemory::bytes_of(std::int64_t size) const {
  return images_ * size * static_cast<std::int64_t>(size_of(dtype_));
}

}  // namespace biossl
