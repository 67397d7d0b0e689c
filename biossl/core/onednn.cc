#include "biossl/core/onednn.h"

#include <fmt/format.h>

#include <dnnl.hpp>
#include <new>
#include <stdexcept>

namespace biossl {

std::string onednn_version() {
  const dnnl_version_t* version = dnnl_version();
  return fmt::format("{}.{}.{}", version->major, version->minor, version->patch);
}

void check_onednn() {
  const dnnl_version_t* loaded = dnnl_version();
  if (loaded->major == DNNL_VERSION_MAJOR && loaded->minor >= DNNL_VERSION_MINOR) return;
  throw std::runtime_error(
      fmt::format("this program was compiled with oneDNN {}.{}, but oneDNN {} was loaded; build it anew, or take the "
                  "folder of the other libdnnl out of LD_LIBRARY_PATH",
                  DNNL_VERSION_MAJOR, DNNL_VERSION_MINOR, onednn_version()));
}

bool means_no_memory(const std::exception& error) {
  if (dynamic_cast<const std::bad_alloc*>(&error) != nullptr) return true;
  const auto* onednn = dynamic_cast<const dnnl::error*>(&error);
  return onednn != nullptr && onednn->status == dnnl_out_of_memory;
}

}  // namespace biossl
