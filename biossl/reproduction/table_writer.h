#pragma once

#include <filesystem>
#include <string>

#include "biossl/reproduction/reproduction_table.h"

namespace biossl {

// Each format begins with a head: table, source, budget, seeds, machine. A reduced budget comes first in it, in
// capitals. Accuracies are percent with two decimals; JSON does not round.

/// Text for a terminal, at most 120 columns wide if names allow.
std::string to_text(const ReproductionTable& table);
std::string to_markdown(const ReproductionTable& table);
/// The head as comments ("# …"), then column names, then one line per row.
std::string to_csv(const ReproductionTable& table);
/// Accuracies are percent; unknown values are null.
///   {"table", "sources", "budget", "full_budget", "reduced_budget", "changed_settings", "seeds", "machines",
///    "rows": [{"name", "loss", "rule", "feedback", "setting", "uses_labels", "published",
///              "ours": {"mean", "deviation", "seeds"}, "chance", "difference", "epochs", "published_epochs",
///              "probe_epochs", "published_probe_epochs", "reduced", "training_seconds", "images_per_second",
///              "peak_memory_bytes", "runs": [{"seed", "state", "epoch", "epochs", …}]}]}
std::string to_json(const ReproductionTable& table);

/// Writes OUT/table.md, table.csv and table.json, each whole or not at all.
void write_tables(const Reproduction& reproduction);

}  // namespace biossl
