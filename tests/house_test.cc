// The folders of the library (docs/architecture.md): a folder includes only folders to its left.
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>

#include "biossl/core/file.h"
#include "tests/support/paths.h"

namespace biossl {
namespace {

/// Left to right; folders of one rank do not know each other, but for ops and its backends.
const std::map<std::string, int> rank{{"core", 0},    {"io", 1},       {"ops", 1},          {"backend", 1},
                                      {"data", 2},    {"optim", 2},    {"feedback", 2},     {"losses", 2},
                                      {"network", 3}, {"rules", 4},    {"evaluation", 5},   {"recipe", 6},
                                      {"runs", 7},    {"training", 8}, {"reproduction", 9}, {"benchmarks", 9}};

/// ops and backend know each other; nobody else knows a backend.
bool may_include(const std::string& from, const std::string& to) {
  const std::set<std::string> hardware{"ops", "backend"};
  if (from == to || (hardware.contains(from) && hardware.contains(to))) return true;
  return to != "backend" && rank.at(to) < rank.at(from);
}

TEST(House, FoldersIncludeOnlyFoldersToTheirLeft) {
  const std::filesystem::path root = std::filesystem::path(testing::paths::source) / "biossl";
  const std::string include = "#include \"biossl/";
  int includes = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
    if (!entry.is_regular_file()) continue;
    const std::string file = std::filesystem::relative(entry.path(), root).string();
    const std::string folder = file.substr(0, file.find('/'));
    ASSERT_TRUE(rank.contains(folder)) << folder << " is no folder of the house";
    const std::string text = read_file(entry.path());
    for (auto at = text.find(include); at != std::string::npos; at = text.find(include, at + 1)) {
      const std::string path = text.substr(at + include.size());
      const std::string included = path.substr(0, path.find('/'));
      ++includes;
      EXPECT_TRUE(may_include(folder, included)) << file << " includes " << included;
    }
  }
  EXPECT_GT(includes, 100);
}

TEST(House, TheProgramKnowsNoBackend) {
  for (const auto& entry : std::filesystem::directory_iterator(std::filesystem::path(testing::paths::source) / "cli")) {
    EXPECT_EQ(read_file(entry.path()).find("#include \"biossl/backend/"), std::string::npos) << entry.path();
  }
}

/// Options are named through core/wording.h, so that messages suit every front end.
TEST(House, NoTextOfTheLibraryIsInTheWordsOfTheProgram) {
  const std::regex words("\"[^\"]*(--[a-z]|\\bbiossl (run|pretrain|probe|embed|data|describe|list|report|bench)\\b)");
  const std::filesystem::path root = std::filesystem::path(testing::paths::source) / "biossl";
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
    if (!entry.is_regular_file() || entry.path().stem() == "wording") continue;
    std::istringstream text(read_file(entry.path()));
    for (std::string line; std::getline(text, line);) {
      const std::string code = line.substr(0, line.find("//"));
      if (code.find("wording::") < code.size()) continue;
      EXPECT_FALSE(std::regex_search(code, words)) << entry.path() << ": " << line;
    }
  }
}

}  // namespace
}  // namespace biossl
