#pragma once

#include <filesystem>
#include <string>

#include "biossl/reproduction/reproduction_table.h"

namespace biossl {

// Each form begins with a head that says what the numbers are: table, source, budget, seeds, machine. A reduced budget
// stands first in it and in capitals. Accuracies are percent with two decimals, except in JSON, where nothing is
// rounded.

/// For a terminal, at most 120 columns wide where names allow.
std::string to_text(const ReproductionTable& table);
std::string to_markdown(const ReproductionTable& table);
/// The head as comments ("# …"), then a line of column names and a line a row.
std::string to_csv(const ReproductionTable& table);
/// {"table", "sources", "budget", "full_budget", "reduced_budget", "changed_settings", "seeds", "machines", "rows":
/// [{"name",
///  "loss", "rule", "feedback", "setting", "uses_labels", "published", "ours": {"mean", "deviation", "seeds"},
///  "chance", "difference", "epochs", "published_epochs", "probe_epochs", "published_probe_epochs", "reduced",
///  "training_seconds", "images_per_second", "peak_memory_bytes", "runs": [{"seed", "state", "epoch", "epochs", …}]}]}.
/// Accuracies are percent; what is not known is null.
std::string to_json(const ReproductionTable& table);

/// OUT/table.md, table.csv and table.json, each whole or not at all.
void write_tables(const Reproduction& reproduction);

}  // namespace biossl
