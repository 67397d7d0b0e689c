#include "biossl/runs/path_records.h"

#include <limits>
#include <nlohmann/json.hpp>

namespace biossl {

using OrderedJson = nlohmann::ordered_json;

OrderedJson to_json(const std::vector<PathRecord>& records) {
  OrderedJson json = OrderedJson::array();
  for (const PathRecord& record : records) {
    json.push_back({{"layer", record.layer},
                    {"feedback", record.feedback},
                    {"separate_weights", record.separate_weights},
                    {"errors_sent", record.errors_sent},
                    {"alignment", record.alignment}});
  }
  return json;
}

namespace {

/// JSON has no NaN: null stands for the NaN of a diverged run.
double nullable(const OrderedJson& json) {
  return json.is_null() ? std::numeric_limits<double>::quiet_NaN() : json.get<double>();
}

}  // namespace

std::vector<PathRecord> path_records(const OrderedJson& json) {
  std::vector<PathRecord> records;
  for (const OrderedJson& record : json) {
    records.push_back({.layer = record.at("layer"),
                       .feedback = record.at("feedback"),
                       .separate_weights = record.at("separate_weights"),
                       .errors_sent = record.at("errors_sent"),
                       .alignment = nullable(record.at("alignment"))});
  }
  return records;
}

}  // namespace biossl
