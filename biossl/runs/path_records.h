#pragma once

#include <nlohmann/json_fwd.hpp>
#include <vector>

#include "biossl/network/synapses.h"

namespace biossl {

/// The records as checkpoints and summary.json hold them: a list of objects with the fields' names as keys.
nlohmann::ordered_json to_json(const std::vector<PathRecord>& records);
/// The inverse. Throws nlohmann's exceptions for anything else.
std::vector<PathRecord> path_records(const nlohmann::ordered_json& json);

}  // namespace biossl
