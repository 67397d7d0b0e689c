#include "biossl/network/head.h"

#include "biossl/network/linear_head.h"
#include "biossl/network/prediction_head.h"

namespace biossl {

std::unique_ptr<Head> make_head(const HeadSpec& spec, const Shape& block_output, const SynapsesSetup& setup,
                                std::uint32_t index) {
  if (spec.kind == HeadKind::prediction) return std::make_unique<PredictionHead>(block_output, setup, index);
  return std::make_unique<LinearHead>(spec, block_output, setup, index);
}

}  // namespace biossl
