#include "biossl/io/inflate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "biossl/core/atomic_file.h"
#include "biossl/core/error.h"
#include "biossl/core/memory_limits.h"
#include "biossl/core/memory_use.h"
#include "biossl/data/dataset.h"
#include "tests/support/address_space.h"
#include "tests/support/data_files.h"
#include "tests/support/message_of.h"
#include "tests/support/temporary_folder.h"

namespace biossl {
namespace {

using testing::gzipped;
using ::testing::HasSubstr;
using testing::message_of;
using testing::noise;
using testing::npy_bytes;
using testing::zip_bytes;

constexpr std::int64_t announced = 300'000'000;  // bytes, which could come from so many packed ones:
constexpr std::size_t packed = 300'000;

std::shared_ptr<const ByteSource> source_of(const std::string& bytes) {
  const auto* first = reinterpret_cast<const std::byte*>(bytes.data());
  return bytes_in_memory("file.gz", std::vector<std::byte>(first, first + bytes.size()));
}

std::string big_endian_text(std::uint32_t number) {
  std::string text;
  for (int shift = 24; shift >= 0; shift -= 8) text += static_cast<char>(number >> shift & 0xffU);
  return text;
}

TEST(Inflate, UnpacksPiecesOfEverySize) {
  for (const std::size_t size : {0UL, 1UL, (1UL << 20) - 1, 1UL << 20, (1UL << 20) + 1, 3'000'000UL}) {
    std::string bytes(size, '\0');
    for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(i * i >> 7U);
    const auto unpacked =
        InflateStream(source_of(gzipped(bytes)), Deflated::gzip).read_rest(static_cast<std::int64_t>(size));
    ASSERT_EQ(unpacked.size(), size);
    EXPECT_TRUE(size == 0 || std::memcmp(unpacked.data(), bytes.data(), size) == 0) << size;
  }
}

TEST(Inflate, WhatIsAnnouncedAndNeverComesTakesNoMemory) {
  const auto left = host_memory_left();
  if (left && left->bytes < 2 * announced) GTEST_SKIP() << "this machine has too little free memory";
  const auto source = source_of(gzipped(noise(packed)));
  if (!restart_peak_memory()) GTEST_SKIP() << "the system does not restart the peak of memory";
  const std::int64_t before = peak_memory_bytes();
  EXPECT_THAT(message_of<BadInput>([&] { InflateStream(source, Deflated::gzip).read_rest(announced); }),
              HasSubstr("file.gz: is cut short"));
  EXPECT_LT(peak_memory_bytes() - before, announced / 2);
}

TEST(Inflate, TooLittleMemoryIsToldWithTheNameOfTheFile) {
  if (!testing::address_space_can_be_limited) GTEST_SKIP() << "sanitizers need all of the address space";
  const testing::TemporaryFolder folder;
  const std::string images = npy_bytes("|u1", "(1, 300, 1000)", noise(packed));
  std::string zip = zip_bytes({{"images.npy", images, true}});
  // The directory, where the size is read, says 300 MB; the field stands 24 bytes behind its entry's start.
  const std::size_t entry = zip.rfind("PK\x01\x02");
  for (int i = 0; i < 4; ++i)
    zip[entry + 24 + static_cast<std::size_t>(i)] = static_cast<char>(announced >> (8 * i) & 0xff);
  write_file(folder.path() / "set.npz", zip);
  const std::string header =
      std::string("\0\0\x08\x03", 4) + big_endian_text(300) + big_endian_text(1000) + big_endian_text(1000);
  write_file(folder.path() / "train-images-idx3-ubyte.gz", gzipped(header + noise(packed)));
  const testing::LimitedAddressSpace limited(announced / 3);
  if (!limited.is_limited()) GTEST_SKIP() << "the address space of a process cannot be limited here";
  const auto fault = [&](const char* name, const Settings& settings) {
    return message_of<std::runtime_error>([&] { open_dataset(name, {.directory = folder.path()}, settings); });
  };
  EXPECT_THAT(fault("array", {{"path", "set.npz"}}), HasSubstr("set.npz: images.npy: not enough memory"));
  EXPECT_THAT(fault("idx", {}), HasSubstr("train-images-idx3-ubyte.gz: not enough memory"));
}

}  // namespace
}  // namespace biossl
