#include "biossl/data/dataset.h"

namespace biossl {

std::string_view name_of(Split split) { return split == Split::train ? "train" : "test"; }

void Dataset::render_moment(std::int64_t /*image*/, Random /*random*/, std::uint8_t* /*to*/) const {
  fail("views", "this data set has no moments, only still images; use views kind \"deform\"");
}

std::unique_ptr<Dataset> open_dataset(std::string_view name, const DatasetRequest& request) {
  return DatasetRegistry::instance().make(name, {}, request);
}

}  // namespace biossl
