#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "biossl/core/atomic_file.h"
#include "biossl/core/parallel.h"
#include "biossl/core/stopwatch.h"
#include "biossl/data/dataset.h"
#include "biossl/data/summary.h"
#include "tests/support/message_of.h"
#include "tests/support/temporary_folder.h"

namespace biossl {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::message_of;
using testing::TemporaryFolder;

constexpr std::size_t plane = 1024;

/// The byte that the synthetic files hold for record n, channel c, place i of the plane.
std::uint8_t pixel(std::size_t n, std::size_t c, std::size_t i) {
  return static_cast<std::uint8_t>(n * 31 + c * 101 + i * 7 + i / 256);
}

/// Records first .. first+count-1; record n has the labels (n mod bound) of each bound.
std::string records(std::size_t first, std::size_t count, const std::vector<std::size_t>& bounds) {
  std::string bytes;
  for (std::size_t n = first; n < first + count; ++n) {
    for (const std::size_t bound : bounds) bytes += static_cast<char>(n % bound);
    for (std::size_t c = 0; c < 3; ++c) {
      for (std::size_t i = 0; i < plane; ++i) bytes += static_cast<char>(pixel(n, c, i));
    }
  }
  return bytes;
}

class CifarTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directories(ten());
    std::filesystem::create_directories(hundred());
    std::size_t first = 0;
    for (std::size_t batch = 1; batch <= 5; ++batch) {
      write_file(ten() / fmt::format("data_batch_{}.bin", batch), records(first, batch + 1, {10}));
      first += batch + 1;
    }
    write_file(ten() / "test_batch.bin", records(7, 4, {10}));
    write_file(hundred() / "train.bin", records(0, 130, {20, 100}));
    write_file(hundred() / "test.bin", records(50, 3, {20, 100}));
  }

  std::filesystem::path ten() const { return folder_.path() / "cifar-10-batches-bin"; }
  std::filesystem::path hundred() const { return folder_.path() / "cifar-100-binary"; }
  std::unique_ptr<Dataset> open(const char* name, Split split, std::int64_t images) const {
    return open_dataset(name, {split, folder_.path(), images, 32, 1});
  }
  std::string complaint(const char* name, Split split = Split::train, std::int64_t images = 0) const {
    return message_of<BadInput>([&] { open(name, split, images); });
  }

  TemporaryFolder folder_;
};

void expect_record(const Dataset& dataset, std::size_t index, std::size_t record) {
  const auto* pixels = dataset.pixels().data<std::uint8_t>() + index * plane * 3;
  for (std::size_t i = 0; i < plane; ++i) {
    for (std::size_t c = 0; c < 3; ++c) ASSERT_EQ(pixels[i * 3 + c], pixel(record, c, i)) << index << ' ' << i;
  }
}

TEST_F(CifarTest, ReadsTheBatchesInOrder) {
  const auto dataset = open("cifar10", Split::train, 20);
  ASSERT_EQ(dataset->size(), 20);
  EXPECT_EQ(dataset->image_shape(), (Shape{32, 32, 3}));
  EXPECT_EQ(dataset->pixels().shape(), (Shape{20, 32, 32, 3}));
  for (std::size_t i = 0; i < 20; ++i) {
    EXPECT_EQ(dataset->labels()[i], static_cast<std::int32_t>(i % 10));
    expect_record(*dataset, i, i);
  }
}

TEST_F(CifarTest, ReadsFineLabels) {
  const auto dataset = open("cifar100", Split::train, 130);
  ASSERT_EQ(dataset->size(), 130);
  for (std::size_t i = 0; i < 130; ++i) EXPECT_EQ(dataset->labels()[i], static_cast<std::int32_t>(i % 100));
  expect_record(*dataset, 129, 129);
}

TEST_F(CifarTest, ReadsTestSplitsAndTheFolderItself) {
  const auto dataset = open_dataset("cifar10", {Split::test, ten(), 4, 32, 1});
  ASSERT_EQ(dataset->size(), 4);
  expect_record(*dataset, 0, 7);
  const auto fine = open("cifar100", Split::test, 3);
  EXPECT_EQ(fine->labels(), (std::vector<std::int32_t>{50, 51, 52}));
}

TEST_F(CifarTest, TakesTheFirstImages) {
  for (const std::int64_t images : {1, 2, 3, 7, 19, 20, 500}) {
    const auto dataset = open("cifar10", Split::train, images);
    ASSERT_EQ(dataset->size(), std::min<std::int64_t>(images, 20));
    expect_record(*dataset, static_cast<std::size_t>(dataset->size() - 1),
                  static_cast<std::size_t>(dataset->size() - 1));
  }
  EXPECT_THROW(open("cifar10", Split::train, -1), std::invalid_argument);
}

/// A set that was cut short, even between two records, must not pass for the whole one.
TEST_F(CifarTest, RefusesFewerImagesThanWerePublished) {
  EXPECT_THAT(complaint("cifar10"),
              AllOf(HasSubstr("holds 20 train images, cifar10 has 50000"), HasSubstr("by number")));
  EXPECT_THAT(complaint("cifar100", Split::test), HasSubstr("holds 3 test images, cifar100 has 10000"));
}

TEST_F(CifarTest, ThreadsMakeNoDifference) {
  const int before = threads();
  set_threads(1);
  const auto one = open("cifar100", Split::train, 130);
  set_threads(3);
  const auto three = open("cifar100", Split::train, 130);
  set_threads(before);
  EXPECT_EQ(one->labels(), three->labels());
  EXPECT_TRUE(std::ranges::equal(one->pixels().span<std::uint8_t>(), three->pixels().span<std::uint8_t>()));
}

TEST_F(CifarTest, MemoryMakesNoDifference) {
  for (const std::int64_t resize : {0, 32, 8}) {
    DatasetRequest wanted{.directory = folder_.path(), .images = 19, .resize = resize};
    const auto whole = open_dataset("cifar10", wanted);
    wanted.memory = 1;
    const auto read = open_dataset("cifar10", wanted);
    EXPECT_TRUE(whole->is_resident());
    EXPECT_FALSE(read->is_resident());
    EXPECT_EQ(whole->labels(), read->labels());
    const std::vector<std::int32_t> rows{18, 0, 5, 4};  // of several files
    std::vector<std::uint8_t> expected(rows.size() * static_cast<std::size_t>(whole->image_shape().size()));
    std::vector<std::uint8_t> bytes(expected.size());
    whole->fetch(rows, expected.data());
    read->fetch(rows, bytes.data());
    EXPECT_EQ(bytes, expected) << resize;
  }
}

TEST_F(CifarTest, AFileThatIsCutShortWhileItIsUsedIsAnErrorWithItsName) {
  const auto read = open_dataset("cifar10", {.directory = folder_.path(), .images = 19, .memory = 1});
  std::filesystem::resize_file(ten() / "data_batch_5.bin", 3073);
  std::vector<std::uint8_t> bytes(3 * plane);
  read->fetch(std::vector<std::int32_t>{0}, bytes.data());
  EXPECT_THAT(message_of<BadInput>([&] { read->fetch(std::vector<std::int32_t>{18}, bytes.data()); }),
              HasSubstr("data_batch_5.bin"));
}

TEST_F(CifarTest, NamesClassesFromTheFileOrByNumber) {
  EXPECT_EQ(open("cifar10", Split::train, 20)->class_names().at(9), "9");
  write_file(ten() / "batches.meta.txt", "a\r\nb\nc\nd\ne\nf\ng\nh\ni\nship yard\n\n");
  EXPECT_EQ(open("cifar10", Split::train, 20)->class_names().at(0), "a");
  EXPECT_EQ(open("cifar10", Split::train, 20)->class_names().at(9), "ship yard");
  write_file(ten() / "batches.meta.txt", "\x1b[2Ja\r\nb\nc\nd\ne\nf\ng\nh\ni\nj \t\r\n");
  EXPECT_EQ(open("cifar10", Split::train, 20)->class_names().at(0), "?[2Ja");
  EXPECT_EQ(open("cifar10", Split::train, 20)->class_names().at(9), "j");
  write_file(ten() / "batches.meta.txt", "a\nb\n");
  EXPECT_THAT(complaint("cifar10", Split::train, 20),
              AllOf(HasSubstr("batches.meta.txt"), HasSubstr("2 class names, expected 10")));
}

TEST_F(CifarTest, SaysWhatIsMissing) {
  const auto nowhere = message_of<BadInput>([] { open_dataset("cifar10", {}); });
  EXPECT_THAT(nowhere, AllOf(HasSubstr("--data DIR"), HasSubstr("cifar-10-batches-bin")));
  const auto elsewhere = message_of<BadInput>([&] {
    open_dataset("cifar100", {Split::train, folder_.path() / "none", 0, 32, 1});
  });
  EXPECT_THAT(elsewhere, AllOf(HasSubstr("none"), HasSubstr("--data DIR"), HasSubstr("cifar-100-binary")));
  std::filesystem::remove(ten() / "data_batch_3.bin");
  EXPECT_THAT(complaint("cifar10"), AllOf(HasSubstr("data_batch_3.bin"), HasSubstr("is missing")));
}

TEST_F(CifarTest, RefusesAFolderInPlaceOfAFile) {
  std::filesystem::remove(ten() / "test_batch.bin");
  std::filesystem::create_directory(ten() / "test_batch.bin");
  EXPECT_THAT(complaint("cifar10", Split::test), HasSubstr("test_batch.bin: is not a file"));
}

TEST_F(CifarTest, RefusesEveryTruncation) {
  const std::string whole = records(0, 2, {10});
  for (const std::size_t size : {0UL, 1UL, 2UL, 1024UL, 3072UL, 3074UL, 4000UL, 6145UL}) {
    write_file(ten() / "test_batch.bin", whole.substr(0, size));
    EXPECT_THAT(complaint("cifar10", Split::test), HasSubstr("test_batch.bin")) << size;
  }
  write_file(ten() / "test_batch.bin", whole.substr(0, 4000));
  EXPECT_THAT(complaint("cifar10", Split::test), AllOf(HasSubstr("4000 bytes"), HasSubstr("starts at byte 3073")));
  write_file(ten() / "test_batch.bin", whole.substr(0, 3073));
  EXPECT_EQ(open("cifar10", Split::test, 1)->size(), 1);
}

TEST_F(CifarTest, NamesTheByteOfABadLabel) {
  std::string bytes = records(0, 3, {10});
  bytes[2 * 3073] = 10;
  write_file(ten() / "test_batch.bin", bytes);
  EXPECT_THAT(complaint("cifar10", Split::test, 3),
              AllOf(HasSubstr("test_batch.bin: byte 6146"), HasSubstr("label 10")));
  bytes = records(0, 3, {20, 100});
  bytes[3074 + 1] = static_cast<char>(200);
  write_file(hundred() / "test.bin", bytes);
  EXPECT_THAT(complaint("cifar100", Split::test, 3), AllOf(HasSubstr("test.bin: byte 3075"), HasSubstr("label 200")));
}

/// Whatever the bytes, the outcome is a data set with labels in range or BadInput, never anything else.
TEST_F(CifarTest, SurvivesGarbage) {
  Random random(1, Purpose::sample);
  for (int trial = 0; trial < 60; ++trial) {
    const std::uint32_t images = 1 + random.below(3);
    std::string bytes = records(0, images, {20, 100});
    for (std::uint32_t change = random.below(6); change > 0; --change) {
      bytes[random.below(static_cast<std::uint32_t>(bytes.size()))] = static_cast<char>(random.word());
    }
    if (random.coin()) bytes.resize(random.below(static_cast<std::uint32_t>(bytes.size())));
    write_file(hundred() / "test.bin", bytes);
    try {
      const auto dataset = open("cifar100", Split::test, images);
      for (const std::int32_t label : dataset->labels()) EXPECT_LT(label, 100);
    } catch (const BadInput& fault) {
      EXPECT_THAT(fault.what(), HasSubstr(hundred().string()));
    }
  }
}

TEST(RealCifar, HasTheKnownStatistics) {
  const char* directory = std::getenv("BIOSSL_DATA_DIR");
  if (directory == nullptr || *directory == '\0') {
    GTEST_SKIP() << "BIOSSL_DATA_DIR is not set; it names the folder that holds cifar-10-batches-bin/";
  }
  const Stopwatch watch;
  const auto dataset = open_dataset("cifar10", {Split::train, directory, 0, 32, 1});
  std::cout << fmt::format("cifar10 loaded in {:.3f} s\n", watch.seconds());
  const DatasetSummary summary = summarize(*dataset);
  EXPECT_EQ(summary.images, 50000);
  for (const std::int64_t size : summary.class_sizes) EXPECT_EQ(size, 5000);
  EXPECT_NEAR(summary.channel_mean.at(0), 0.4914, 1e-4);
  EXPECT_NEAR(summary.channel_mean.at(1), 0.4822, 1e-4);
  EXPECT_NEAR(summary.channel_mean.at(2), 0.4465, 1e-4);
  EXPECT_NEAR(summary.channel_deviation.at(0), 0.2470, 1e-4);
}

}  // namespace
}  // namespace biossl
