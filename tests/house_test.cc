// The house's rooms (docs/house.md): a folder includes only folders to its left, so nothing points back.
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <string>

#include "biossl/core/file.h"

namespace biossl {
namespace {

/// Left to right; neighbours of one rank do not know each other, but for ops and its backends.
const std::map<std::string, int> rank{{"core", 0},  {"ops", 1},        {"backend", 1},   {"data", 2},
                                      {"optim", 2}, {"feedback", 2},   {"losses", 2},    {"network", 3},
                                      {"rules", 4}, {"evaluation", 5}, {"experiment", 6}};

/// The allocator of device memory is the one place where core reaches for a backend.
bool is_exception(const std::string& file, const std::string& included) {
  return file == "core/memory.cc" && included == "backend";
}

bool may_include(const std::string& from, const std::string& to) {
  const bool hardware = rank.at(from) == 1 && rank.at(to) == 1;
  return from == to || hardware || rank.at(to) < rank.at(from);
}

TEST(House, NoRoomPointsBack) {
  const std::filesystem::path root = std::filesystem::path(BIOSSL_SOURCE_DIR) / "biossl";
  const std::string include = "#include \"biossl/";
  int includes = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
    if (!entry.is_regular_file()) continue;
    const std::string file = std::filesystem::relative(entry.path(), root).string();
    const std::string room = file.substr(0, file.find('/'));
    ASSERT_TRUE(rank.contains(room)) << room << " is no room of the house";
    const std::string text = read_file(entry.path());
    for (auto at = text.find(include); at != std::string::npos; at = text.find(include, at + 1)) {
      const std::string path = text.substr(at + include.size());
      const std::string included = path.substr(0, path.find('/'));
      ++includes;
      EXPECT_TRUE(may_include(room, included) || is_exception(file, included)) << file << " includes " << included;
    }
  }
  EXPECT_GT(includes, 100);
}

}  // namespace
}  // namespace biossl
