#include "biossl/io/checksum.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "biossl/core/atomic_file.h"
#include "biossl/core/error.h"
#include "tests/support/message_of.h"
#include "tests/support/temporary_folder.h"

namespace biossl {
namespace {

TEST(Checksum, IsTheOneOfTheStandard) {
  const testing::TemporaryFolder folder;
  const auto path = folder.path() / "abc";
  write_file(path, "abc");
  EXPECT_EQ(sha256_of(path), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  write_file(path, "");
  EXPECT_EQ(sha256_of(path), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  write_file(path, std::string(1'000'000, 'a'));
  std::int64_t last = 0;
  EXPECT_EQ(sha256_of(path, [&](std::int64_t done, std::int64_t, std::string_view) { last = done; }),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  EXPECT_EQ(last, 1'000'000);
}

TEST(Checksum, NamesAFileThatIsNotThere) {
  EXPECT_THAT(testing::message_of<BadInput>([] { sha256_of("/nowhere/x"); }), ::testing::HasSubstr("/nowhere/x"));
  EXPECT_THROW(sha256_of("/"), BadInput);
}

}  // namespace
}  // namespace biossl
