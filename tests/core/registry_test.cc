// What a registry promises to those who define components anew while others are being made.
#include "biossl/core/registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace biossl {
namespace {

using ::testing::ElementsAre;

/// A kind of component of its own, so that what is registered here is all there is.
struct Tone {
  static constexpr const char* kind = "tone";
  virtual ~Tone() = default;
};
using ToneRegistry = Registry<Tone>;

ToneRegistry::Entry entry_with(const std::string& summary, const std::shared_ptr<int>& held = nullptr) {
  ToneRegistry::Entry entry;
  entry.summary = summary;
  entry.make = [held](const Settings&) { return std::make_unique<Tone>(); };
  return entry;
}

TEST(ReplacedEntries, StayWithThoseWhoHaveFoundThem) {
  ToneRegistry registry;
  auto held = std::make_shared<int>(1);
  const std::weak_ptr<int> watched = held;
  registry.add("high", entry_with("the first", held));
  held.reset();
  const ToneRegistry::Entry& first = registry.find("high");
  const auto before = registry.entries();
  registry.replace("high", entry_with("the second"));
  EXPECT_EQ(first.summary, "the first");
  EXPECT_FALSE(watched.expired()) << "what the entry holds went with it";
  EXPECT_EQ(before.at("high").summary, "the first");
  EXPECT_EQ(registry.find("high").summary, "the second");
  EXPECT_EQ(registry.entries().at("high").summary, "the second");
  EXPECT_THAT(registry.names(), ElementsAre("high"));
}

TEST(ReplacedEntries, MayBeReplacedByTheComponentThatTheyMake) {
  ToneRegistry registry;
  auto held = std::make_shared<int>(1);
  const std::weak_ptr<int> watched = held;
  bool lives_on = false;
  ToneRegistry::Entry entry;
  entry.make = [&registry, &lives_on, watched, held](const Settings&) {
    registry.replace("high", entry_with("the second"));
    lives_on = !watched.expired();
    return std::make_unique<Tone>();
  };
  registry.add("high", std::move(entry));
  held.reset();
  EXPECT_NE(registry.make("high", {}), nullptr);
  EXPECT_TRUE(lives_on);
  EXPECT_EQ(registry.find("high").summary, "the second");
}

TEST(ReplacedEntries, ThreadsRegisterWhileOthersLook) {
  ToneRegistry registry;
  registry.add("high", entry_with("0"));
  constexpr int count = 300;
  std::thread writer([&] {
    for (int number = 1; number <= count; ++number) {
      registry.replace("high", entry_with(std::to_string(number)));
      registry.add("other " + std::to_string(number), entry_with(""));
    }
  });
  std::size_t most = 0;
  while (most <= count) {
    EXPECT_NE(registry.make("high", {}), nullptr);
    EXPECT_GE(std::stoi(registry.find("high").summary), 0);
    for (const auto& [name, entry] : registry.entries()) EXPECT_EQ(name == "high", !entry.summary.empty());
    most = registry.names().size();
  }
  writer.join();
  EXPECT_EQ(registry.find("high").summary, std::to_string(count));
}

}  // namespace
}  // namespace biossl
