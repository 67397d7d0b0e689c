#include "biossl/reproduction/table_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <tuple>

#include "biossl/core/atomic_file.h"
#include "biossl/core/text.h"
#include "biossl/io/json_text.h"

namespace biossl {
namespace {

using OrderedJson = nlohmann::ordered_json;

constexpr std::size_t terminal_columns = 118, markdown_columns = 120;

struct Column {
  std::string title;
  bool right;  ///< right-aligned
  std::string (*cell)(const TableRow&);
};

std::string setting_of(const TableRow& row) {
  if (!row.uses_labels) return row.setting;
  return row.setting.empty() ? "uses labels" : row.setting + ", uses labels";
}

/// The status of an unfinished run: "at epoch 3 of 5".
std::string describe(const RunStatus& run, std::int64_t epochs) {
  return run.stage == RunStage::failed ? "failed: " + run.failure : place_in_run(run, epochs);
}

/// The cell of a row without a finished seed: the status of the most advanced run.
std::string unfinished(const TableRow& row) {
  const auto order = [](const RunStatus& run) {
    return std::tuple(run.stage == RunStage::begun, run.stage == RunStage::failed, run.epoch);
  };
  const RunStatus& farthest = *std::ranges::max_element(row.runs, {}, order);
  return farthest.stage == RunStage::failed ? "failed" : describe(farthest, row.total_epochs);
}

std::string ours(const TableRow& row) {
  const Spread accuracy = row.accuracy();
  if (accuracy.count == 0) return unfinished(row);
  if (accuracy.count == 1) return fmt::format("{:.2f} (1)", accuracy.mean);
  return fmt::format("{:.2f} ± {:.2f} ({})", accuracy.mean, accuracy.deviation, accuracy.count);
}

std::string published(const TableRow& row) {
  return row.published ? fmt::format("{:.2f}", row.published->accuracy) : "-";
}

std::string difference(const TableRow& row) {
  return row.difference() ? fmt::format("{:+.2f}", *row.difference()) : "-";
}

/// The value over the finished seeds; "-" if there are none.
std::string known(const TableRow& row, double value, int decimals) {
  return row.accuracy().count > 0 ? fmt::format("{:.{}f}", value, decimals) : "-";
}

std::string training(const TableRow& row) { return row.accuracy().count > 0 ? duration(row.seconds().mean) : "-"; }

bool has_published(const ReproductionTable& table) {
  return std::ranges::any_of(table.rows, [](const TableRow& row) { return row.published.has_value(); });
}

std::string name_of_ours(const ReproductionTable& table) { return has_published(table) ? "ours" : "accuracy"; }

/// Whether loss, rule, feedback and setting identify each row, as in a published table.
bool told_apart(const ReproductionTable& table) {
  std::set<std::tuple<std::string, std::string, std::string, std::string>> seen;
  return std::ranges::all_of(table.rows, [&](const TableRow& row) {
    return seen.emplace(row.loss, row.rule, row.feedback, setting_of(row)).second;
  });
}

/// The accuracies of guessing: a single one if all rows were tested on the same images.
std::set<std::string> chances(const ReproductionTable& table) {
  std::set<std::string> found;
  for (const TableRow& row : table.rows) {
    if (row.accuracy().count > 0) found.insert(known(row, row.chance().mean, 2));
  }
  return found;
}

/// Columns without content are omitted; on a terminal, which is narrow, also the names of a published table.
std::vector<Column> columns_of(const ReproductionTable& table, bool narrow) {
  const bool named = !narrow || table.sources.empty() || !told_apart(table);
  const bool set = std::ranges::any_of(table.rows, [](const TableRow& row) { return !setting_of(row).empty(); });
  const bool any_published = has_published(table);
  std::vector<Column> columns;
  const auto add = [&](bool shown, const Column& column) {
    if (shown) columns.push_back(column);
  };
  add(named, {"recipe", false, [](const TableRow& row) { return row.name; }});
  add(true, {"loss", false, [](const TableRow& row) { return row.loss; }});
  add(true, {"rule", false, [](const TableRow& row) { return row.rule; }});
  add(true, {"feedback", false, [](const TableRow& row) { return row.feedback; }});
  add(set, {"setting", false, setting_of});
  add(any_published, {"published", true, published});
  add(true, {name_of_ours(table) + " (seeds)", true, ours});
  add(any_published, {"diff", true, difference});
  add(chances(table).size() > 1,
      {"chance", true, [](const TableRow& row) { return known(row, row.chance().mean, 2); }});
  add(true, {"epochs", true, [](const TableRow& row) { return std::to_string(row.epochs); }});
  add(true, {"training", true, training});
  add(true, {"img/s", true, [](const TableRow& row) { return known(row, row.images_per_second().mean, 0); }});
  add(true, {"GB", true,
             [](const TableRow& row) { return known(row, static_cast<double>(row.peak_memory_bytes()) / 1e9, 1); }});
  return columns;
}

std::vector<std::string> cells(const TableRow& row, const std::vector<Column>& columns) {
  std::vector<std::string> texts;
  for (const Column& column : columns) texts.push_back(column.cell(row));
  return texts;
}

std::vector<std::string> titles(const std::vector<Column>& columns) {
  std::vector<std::string> texts;
  for (const Column& column : columns) texts.push_back(column.title);
  return texts;
}

std::string budget(const ReproductionTable& table) {
  if (table.reduced.empty()) return table.sources.empty() ? "budget: the recipes' own" : "budget: the published one";
  return fmt::format("REDUCED BUDGET: {}. These numbers are not {}.", joined(table.reduced, "; "),
                     has_published(table) ? "the published experiment's" : "those of the recipes as they stand");
}

std::vector<std::string> head(const ReproductionTable& table) {
  std::vector<std::string> lines{budget(table)};
  if (!table.changed.empty()) lines.push_back("CHANGED SETTINGS: " + joined(table.changed, "; "));
  const std::string sources = table.sources.empty() ? "no source named" : joined(table.sources, "; ");
  lines.push_back(fmt::format("{}: test accuracy of a linear probe on the last block, %{}", table.name,
                              has_published(table) ? "; published: " + sources : ""));
  const std::string seeds =
      table.seeds == 1 ? "seed 1" : fmt::format("mean ± standard deviation over seeds 1 to {}", table.seeds);
  lines.push_back(fmt::format("{}: {}", name_of_ours(table), seeds));
  const std::set<std::string> guessing = chances(table);
  lines.push_back(fmt::format("chance, of always naming the commonest class among the test images: {}",
                              guessing.empty()      ? "not known yet"
                              : guessing.size() > 1 ? "in its column"
                                                    : *guessing.begin()));
  lines.push_back(
      "epochs: of each block where blocks learn by themselves; training: time of pretraining; GB: peak memory");
  for (const std::string& machine : table.machines) lines.push_back("machine: " + machine);
  return lines;
}

/// One line per failure, and per unfinished run that its row does not show.
std::vector<std::string> remarks(const ReproductionTable& table) {
  std::vector<std::string> lines;
  for (const TableRow& row : table.rows) {
    for (const RunStatus& run : row.runs) {
      const bool tells = run.stage == RunStage::failed || (run.stage == RunStage::begun && row.runs.size() > 1);
      if (tells) lines.push_back(fmt::format("{}, seed {}: {}", row.name, run.seed, describe(run, row.total_epochs)));
    }
  }
  return lines;
}

/// Width of a UTF-8 text on a terminal, in columns.
std::size_t width(const std::string& text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, [](char byte) { return (byte & 0xC0) != 0x80; }));
}

/// Breaks a line at spaces; lines after the first are indented.
std::string wrapped(const std::string& line, std::size_t limit) {
  std::istringstream words(line);
  std::string text;
  std::size_t used = 0;
  for (std::string word; words >> word;) {
    const bool fits = used == 0 || used + 1 + width(word) <= limit;
    text += (used == 0 ? "" : fits ? " " : "\n  ") + word;
    used = (fits ? used + (used == 0 ? 0 : 1) : 2) + width(word);
  }
  return text + "\n";
}

/// Escapes bars, which would end a cell.
std::vector<std::string> in_markdown(std::vector<std::string> cells) {
  for (std::string& cell : cells) {
    for (std::size_t bar = 0; (bar = cell.find('|', bar)) != std::string::npos; bar += 2) cell.insert(bar, 1, '\\');
  }
  return cells;
}

std::string quoted(const std::string& cell) {
  if (cell.find_first_of(",\"\r\n") == std::string::npos) return cell;
  std::string text = "\"";
  for (const char letter : cell) text += letter == '"' ? std::string("\"\"") : std::string(1, letter);
  return text + "\"";
}

std::string csv_line(const std::vector<std::string>& values) {
  std::vector<std::string> cells;
  std::ranges::transform(values, std::back_inserter(cells), quoted);
  return joined(cells, ",") + "\n";
}

/// The state of a row, in short: "finished", "1 of 2 seeds", "failed", "at epoch 3 of 5".
std::string state(const TableRow& row) {
  const auto finished = static_cast<std::size_t>(row.accuracy().count);
  if (finished == row.runs.size()) return "finished";
  return finished > 0 ? fmt::format("{} of {} seeds", finished, row.runs.size()) : unfinished(row);
}

OrderedJson to_json(const RunStatus& run, std::int64_t epochs) {
  OrderedJson json{{"seed", run.seed},
                   {"state", std::string(name_of(run.stage))},
                   {"epoch", run.stage == RunStage::finished ? epochs : run.epoch},
                   {"epochs", epochs}};
  if (!run.failure.empty()) json["failure"] = run.failure;
  if (!run.outcome) return json;
  json["test_accuracy"] = 100 * run.outcome->test_accuracy;
  json["train_accuracy"] = 100 * run.outcome->train_accuracy;
  json["chance"] = 100 * run.outcome->chance;
  json["training_seconds"] = run.outcome->seconds;
  json["images_per_second"] = run.outcome->images_per_second;
  json["peak_memory_bytes"] = run.outcome->peak_memory_bytes;
  json["machine"] = run.outcome->machine;
  return json;
}

OrderedJson to_json(const TableRow& row) {
  const Spread accuracy = row.accuracy();
  const bool any = accuracy.count > 0;
  const auto if_known = [](bool is, const auto& value) { return is ? OrderedJson(value) : OrderedJson(); };
  OrderedJson runs = OrderedJson::array();
  for (const RunStatus& run : row.runs) runs.push_back(to_json(run, row.total_epochs));
  return {{"name", row.name},
          {"loss", row.loss},
          {"rule", row.rule},
          {"feedback", row.feedback},
          {"setting", row.setting},
          {"uses_labels", row.uses_labels},
          {"published", if_known(row.published.has_value(), row.published.value_or(PublishedRecipe{}).accuracy)},
          {"ours",
           {{"mean", if_known(any, accuracy.mean)},
            {"deviation", if_known(accuracy.count > 1, accuracy.deviation)},
            {"seeds", accuracy.count}}},
          {"chance", if_known(any, row.chance().mean)},
          {"difference", if_known(row.difference().has_value(), row.difference().value_or(0))},
          {"epochs", row.epochs},
          {"published_epochs", row.published_epochs},
          {"probe_epochs", row.probe_epochs},
          {"published_probe_epochs", row.published_probe_epochs},
          {"reduced", row.reduced},
          {"training_seconds", if_known(any, row.seconds().mean)},
          {"images_per_second", if_known(any, row.images_per_second().mean)},
          {"peak_memory_bytes", if_known(any, row.peak_memory_bytes())},
          {"runs", runs}};
}

}  // namespace

std::string to_text(const ReproductionTable& table) {
  const std::vector<Column> columns = columns_of(table, true);
  std::vector<std::vector<std::string>> lines{titles(columns)};
  for (const TableRow& row : table.rows) lines.push_back(cells(row, columns));
  std::string text;
  for (const std::string& line : head(table)) text += wrapped(line, terminal_columns);
  text += "\n";
  for (const auto& line : lines) {
    std::string shown;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      std::size_t widest = 0;
      for (const auto& other : lines) widest = std::max(widest, width(other[i]));
      const std::string space(widest - width(line[i]), ' ');
      shown += (i == 0 ? "" : "  ") + (columns[i].right ? space + line[i] : line[i] + space);
    }
    text += shown + "\n";
  }
  for (const std::string& remark : remarks(table)) text += wrapped(remark, terminal_columns);
  return text;
}

std::string to_markdown(const ReproductionTable& table) {
  const std::vector<Column> columns = columns_of(table, false);
  std::vector<std::string> rules;
  for (const Column& column : columns) rules.emplace_back(column.right ? "---:" : "---");
  std::string text = fmt::format("# {}\n\n", table.name);
  for (const std::string& line : head(table)) {
    const bool warns = line.starts_with("REDUCED") || line.starts_with("CHANGED");
    text += wrapped(warns ? fmt::format("**{}**", line) : line, markdown_columns - 2);
    text.insert(text.size() - 1, warns ? "\n" : "  ");  // a paragraph of its own, or a line
  }
  text += fmt::format("\n| {} |\n| {} |\n", joined(titles(columns), " | "), joined(rules, " | "));
  for (const TableRow& row : table.rows)
    text += fmt::format("| {} |\n", joined(in_markdown(cells(row, columns)), " | "));
  const auto notes = remarks(table);
  if (!notes.empty()) text += "\n- " + joined(notes, "\n- ") + "\n";
  return text;
}

std::string to_csv(const ReproductionTable& table) {
  std::string text;
  for (const std::string& line : head(table)) text += "# " + line + "\n";
  text +=
      "name,loss,rule,feedback,setting,published,ours,deviation,seeds,chance,difference,epochs,published_epochs,probe_"
      "epochs,"
      "published_probe_epochs,budget,training_seconds,images_per_second,peak_memory_bytes,state\n";
  for (const TableRow& row : table.rows) {
    const Spread accuracy = row.accuracy();
    const auto if_known = [](bool is, double value, int decimals) {
      return is ? fmt::format("{:.{}f}", value, decimals) : std::string();
    };
    const bool any = accuracy.count > 0;
    text += csv_line({row.name,
                      row.loss,
                      row.rule,
                      row.feedback,
                      setting_of(row),
                      if_known(row.published.has_value(), row.published.value_or(PublishedRecipe{}).accuracy, 2),
                      if_known(any, accuracy.mean, 2),
                      if_known(accuracy.count > 1, accuracy.deviation, 2),
                      std::to_string(accuracy.count),
                      if_known(any, row.chance().mean, 2),
                      if_known(row.difference().has_value(), row.difference().value_or(0), 2),
                      std::to_string(row.epochs),
                      std::to_string(row.published_epochs),
                      std::to_string(row.probe_epochs),
                      std::to_string(row.published_probe_epochs),
                      row.reduced ? "REDUCED" : "full",
                      if_known(any, row.seconds().mean, 1),
                      if_known(any, row.images_per_second().mean, 1),
                      if_known(any, static_cast<double>(row.peak_memory_bytes()), 0),
                      state(row)});
  }
  return text;
}

std::string to_json(const ReproductionTable& table) {
  OrderedJson rows = OrderedJson::array();
  for (const TableRow& row : table.rows) rows.push_back(to_json(row));
  const OrderedJson json{{"table", table.name},
                         {"sources", table.sources},
                         {"budget", budget(table)},
                         {"full_budget", table.reduced.empty()},
                         {"reduced_budget", table.reduced},
                         {"changed_settings", table.changed},
                         {"seeds", table.seeds},
                         {"machines", table.machines},
                         {"rows", rows}};
  return indented_json_text(json);
}

void write_tables(const Reproduction& reproduction) {
  const ReproductionTable table = collect(reproduction);
  write_file(reproduction.out / "table.md", to_markdown(table));
  write_file(reproduction.out / "table.csv", to_csv(table));
  write_file(reproduction.out / "table.json", to_json(table));
}

}  // namespace biossl
