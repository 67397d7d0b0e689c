#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "biossl/benchmarks/memory_bench.h"
#include "biossl/rules/rule.h"
#include "cli/bench.h"

namespace biossl::cli {
namespace {

/// Every rule by which something learns, and the encoder alone.
std::vector<std::string> every_rule() {
  std::vector<std::string> rules;
  for (const auto& [name, entry] : RuleRegistry::instance().entries()) {
    if (entry.traits.learns) rules.push_back(name);
  }
  rules.emplace_back(frozen);
  return rules;
}

struct BenchMemoryCommand {
  BenchOptions options;
  std::vector<std::string> rules = every_rule();
  std::vector<std::int64_t> depths{4, 8, 16, 32};
  EqualBlocks blocks;
};

struct MemoryRow {
  std::string rule;
  std::int64_t depth;
  MemoryUse use;
};

void print_json(const std::vector<MemoryRow>& rows, const Recipe& recipe, const EqualBlocks& blocks) {
  nlohmann::ordered_json all = nlohmann::ordered_json::array();
  for (const MemoryRow& row : rows) {
    nlohmann::ordered_json resident;
    if (row.use.resident) resident = *row.use.resident;
    all.push_back({{"rule", row.rule},
                   {"depth", row.depth},
                   {"activity_bytes", row.use.activity},
                   {"resident_bytes", resident},
                   {"learnt_bytes", row.use.learnt}});
  }
  print_line({{"memory", all},
              {"channels", blocks.channels},
              {"size", blocks.size},
              {"batch", recipe.train.batch},
              {"precision", recipe.train.precision},
              {"loss", recipe.loss.kind}});
}

std::string mebibytes(std::int64_t bytes) { return fmt::format("{:.1f} MiB", static_cast<double>(bytes) / 0x1p20); }

void print_head(const Recipe& recipe, const EqualBlocks& blocks) {
  fmt::print("chains of equal blocks, {1} channels on {0}x{0} maps; {2} pairs, {3}, {4}\n", blocks.size,
             blocks.channels, recipe.train.batch, recipe.train.precision, recipe.loss.kind);
  fmt::print("  {:<8} {:>5} {:>14} {:>9} {:>14} {:>14}\n", "", "depth", "activity", "grown by", "resident", "learnt");
}

/// `first`: the shortest chain with the same rule.
void print(const MemoryRow& row, const MemoryRow& first) {
  const double growth = static_cast<double>(row.use.activity) / static_cast<double>(first.use.activity) - 1.0;
  fmt::print("  {:<8} {:>5} {:>14} {:>7.1f} % {:>14} {:>14}\n", row.rule, row.depth, mebibytes(row.use.activity),
             100.0 * growth, row.use.resident ? mebibytes(*row.use.resident) : "not known", mebibytes(row.use.learnt));
}

void bench_memory(const BenchMemoryCommand& command) {
  const BenchOptions& options = command.options;
  const ExecutionContext context = options.execution.settle();
  const Recipe recipe = options.read(context);
  if (!options.json) print_head(recipe, command.blocks);
  std::vector<MemoryRow> rows;
  for (const std::string& rule : command.rules) {
    const std::size_t first = rows.size();
    for (const std::int64_t depth : command.depths) {
      EqualBlocks blocks = command.blocks;
      blocks.depth = depth;
      rows.push_back({rule, depth, measure_memory(recipe, rule, blocks, context.device)});
      if (!options.json) print(rows.back(), rows[first]);
    }
  }
  if (options.json) print_json(rows, recipe, command.blocks);
}

}  // namespace

void add_bench_memory(Command bench) {
  Command sub = bench.add_subcommand("memory", "what activity and errors take, by rule and depth of the chain");
  const auto command = std::make_shared<BenchMemoryCommand>();
  command->options.add_to(sub);
  sub.add_option("--rules", command->rules, "learning rules, or frozen: forward only")
      .delimiter(',')
      .capture_default_str()
      .type_name("NAMES");
  sub.add_option("--depths", command->depths, "blocks of the chains")
      .delimiter(',')
      .check(whole_number(1, 100'000))
      .capture_default_str()
      .type_name("NUMBERS");
  sub.add_option("--channels", command->blocks.channels, "of the images and every block")
      .check(whole_number(1, 1'000'000))
      .capture_default_str()
      .type_name("N");
  sub.add_option("--size", command->blocks.size, "side of the images and every map")
      .check(whole_number(1, 4096))
      .capture_default_str()
      .type_name("N");
  sub.footer(
      "Blocks are all alike: a 3x3 convolution and hardtanh, without pooling. The recipe's loss, batch, feedback,\n"
      "optimiser and precision are used; its network and data are not. \"activity\" is counted: what activity and\n"
      "errors are laid out in. \"resident\" is measured: by how much the peak of the resident set rises until a step\n"
      "of every kind is done. \"learnt\" is counted: weights and optimiser state, which a checkpoint keeps.\n"
      "  biossl bench memory\n"
      "  biossl bench memory --recipe recipes/quick.toml --rules gll,e2e --depths 4,32 --json");
  sub.callback([command] { bench_memory(*command); });
}

}  // namespace biossl::cli
