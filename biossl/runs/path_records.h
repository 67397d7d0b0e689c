#pragma once

#include <nlohmann/json_fwd.hpp>
#include <vector>

#include "biossl/network/synapses.h"

namespace biossl {

/// The JSON form of records in checkpoints and summary.json: a list of objects with the field names as keys.
nlohmann::ordered_json to_json(const std::vector<PathRecord>& records);
/// The inverse. Throws nlohmann's exceptions for other JSON.
std::vector<PathRecord> path_records(const nlohmann::ordered_json& json);

}  // namespace biossl
