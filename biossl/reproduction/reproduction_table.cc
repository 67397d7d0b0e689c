#include "biossl/reproduction/reproduction_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

#include "biossl/core/text.h"
#include "biossl/recipe/recipe_difference.h"

namespace biossl {
namespace {

/// The abbreviation of a registered component.
template <class RegistryType>
const std::string& abbreviation(const Choice& choice) {
  return RegistryType::instance().find(choice.kind).abbreviation;
}

TableRow describe(const ReproductionRow& row) {
  const Recipe& recipe = row.recipe;
  const auto& rule = RuleRegistry::instance().find(recipe.rule.kind);
  return {.name = recipe.name,
          .loss = rule.traits.learns ? abbreviation<LossRegistry>(recipe.loss) : "-",
          .rule = rule.abbreviation,
          .feedback = rule.traits.sends_errors ? abbreviation<FeedbackRegistry>(recipe.feedback) : "-",
          .setting = recipe.published ? recipe.published->setting : "",
          .uses_labels = rule.traits.learns && trial_loss(recipe)->reads_labels(),
          .published = recipe.published,
          .epochs = recipe.train.epochs,
          .published_epochs = row.original.train.epochs,
          .total_epochs = row.total_epochs,
          .probe_epochs = recipe.probe.epochs,
          .published_probe_epochs = row.original.probe.epochs,
          .reduced = !deviations(row.original, recipe).reduced.empty(),
          .runs = {}};
}

/// Texts in order of first appearance, each with the rows that it applies to.
class GroupedNotes {
 public:
  void add(const std::string& text, const std::string& of) {
    const auto found = std::ranges::find(notes_, text, &GroupedNote::text);
    (found == notes_.end() ? notes_.emplace_back(GroupedNote{text, {}}) : *found).of.push_back(of);
  }
  /// A single text alone; several texts with their rows.
  std::vector<std::string> told() const {
    std::vector<std::string> lines;
    for (const GroupedNote& saying : notes_) {
      lines.push_back(notes_.size() == 1 ? saying.text : fmt::format("{} ({})", saying.text, joined(saying.of)));
    }
    return lines;
  }

 private:
  struct GroupedNote {
    std::string text;
    std::vector<std::string> of;
  };
  std::vector<GroupedNote> notes_;
};

/// A difference that is the same in every row appears once; otherwise its rows are named.
std::vector<std::string> tell(const std::vector<ReproductionRow>& rows, std::vector<Difference> Deviations::*kind,
                              std::string (*describe)(const Difference&)) {
  std::vector<std::string> keys;
  std::map<std::string, GroupedNotes> by_key;
  for (const ReproductionRow& row : rows) {
    const Deviations found = deviations(row.original, row.recipe);
    for (const Difference& difference : found.*kind) {
      if (!by_key.contains(difference.key)) keys.push_back(difference.key);
      by_key[difference.key].add(describe(difference), row.recipe.name);
    }
  }
  std::vector<std::string> lines;
  std::ranges::sort(keys, std::greater<>{});  // training, then probe, then data
  for (const std::string& key : keys) std::ranges::copy(by_key[key].told(), std::back_inserter(lines));
  return lines;
}

void add_once(std::vector<std::string>& texts, const std::string& text) {
  if (std::ranges::count(texts, text) == 0) texts.push_back(text);
}

template <class Get>
std::vector<double> of_finished(const std::vector<RunStatus>& runs, const Get& get) {
  std::vector<double> values;
  for (const RunStatus& run : runs) {
    if (run.outcome) values.push_back(get(*run.outcome));
  }
  return values;
}

}  // namespace

Spread spread_of(std::span<const double> values) {
  const auto count = static_cast<double>(values.size());
  Spread spread{.count = static_cast<std::int64_t>(values.size())};
  if (values.empty()) return spread;
  spread.mean = std::accumulate(values.begin(), values.end(), 0.0) / count;
  double squares = 0;
  for (const double value : values) squares += (value - spread.mean) * (value - spread.mean);
  if (spread.count > 1) spread.deviation = std::sqrt(squares / (count - 1));
  return spread;
}

Spread TableRow::accuracy() const {
  return spread_of(of_finished(runs, [](const RunOutcome& outcome) { return 100 * outcome.test_accuracy; }));
}

Spread TableRow::chance() const {
  return spread_of(of_finished(runs, [](const RunOutcome& outcome) { return 100 * outcome.chance; }));
}

Spread TableRow::seconds() const {
  return spread_of(of_finished(runs, [](const RunOutcome& outcome) { return outcome.seconds; }));
}

Spread TableRow::images_per_second() const {
  return spread_of(of_finished(runs, [](const RunOutcome& outcome) { return outcome.images_per_second; }));
}

std::int64_t TableRow::peak_memory_bytes() const {
  std::int64_t peak = 0;
  for (const RunStatus& run : runs) peak = std::max(peak, run.outcome ? run.outcome->peak_memory_bytes : 0);
  return peak;
}

std::optional<double> TableRow::difference() const {
  const Spread ours = accuracy();
  return ours.count > 0 && published ? std::optional(ours.mean - published->accuracy) : std::nullopt;
}

ReproductionTable collect(const Reproduction& reproduction) {
  ReproductionTable table{.name = reproduction.name,
                          .seeds = reproduction.seeds,
                          .sources = {},
                          .reduced = tell(reproduction.rows, &Deviations::reduced, describe_reduced),
                          .changed = tell(reproduction.rows, &Deviations::changed, describe_changed),
                          .machines = {},
                          .rows = {}};
  GroupedNotes machines;
  for (const ReproductionRow& planned : reproduction.rows) {
    TableRow row = describe(planned);
    for (const ReproductionRun& run : reproduction.runs(planned)) {
      row.runs.push_back(run.status());
      if (const auto& outcome = row.runs.back().outcome) {
        machines.add(outcome->machine, run.directory.filename().string());
      }
    }
    if (row.published && !row.published->source.empty()) add_once(table.sources, row.published->source);
    table.rows.push_back(std::move(row));
  }
  table.machines = machines.told();
  const auto place = [](const TableRow& row) {
    return std::pair(row.published ? row.published->place : std::numeric_limits<std::int64_t>::max(), row.name);
  };
  std::ranges::sort(table.rows, {}, place);
  return table;
}

}  // namespace biossl
