#include "biossl/network/head.h"

#include "biossl/network/linear_head.h"

namespace biossl {

std::unique_ptr<Head> make_head(const HeadSpec& spec, const Shape& block_output, const SynapsesSetup& setup,
                                std::uint32_t index) {
  return std::make_unique<LinearHead>(spec, block_output, setup, index);
}

}  // namespace biossl
