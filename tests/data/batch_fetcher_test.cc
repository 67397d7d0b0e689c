#include "biossl/data/batch_fetcher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <thread>

#include "biossl/core/atomic_file.h"
#include "biossl/core/file.h"
#include "biossl/core/parallel.h"
#include "biossl/data/views.h"
#include "biossl/evaluation/whole_images.h"
#include "tests/support/message_of.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/tensors.h"

namespace biossl {
namespace {

using ::testing::HasSubstr;
using testing::indices_of;
using testing::message_of;
using testing::TemporaryFolder;

/// Sets the number of threads for a scope.
class Threads {
 public:
  explicit Threads(int count) { set_threads(count); }
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;
  ~Threads() { set_threads(before_); }

 private:
  int before_ = threads();
};

/// Images of 3x4x2 bytes that follow from their number. Without `resident` they can only be fetched, one at a time.
class Numbers final : public Dataset {
 public:
  Numbers(std::int64_t images, bool resident) : resident_(resident) {
    size_ = images;
    image_shape_ = {3, 4, 2};
    pixels_ = Tensor({images, 3, 4, 2}, DType::uint8, Device::cpu);
    auto* to = pixels_.data<std::uint8_t>();
    for (std::int64_t i = 0; i < pixels_.size(); ++i) to[i] = static_cast<std::uint8_t>(i * 7 + i / 24);
  }

  bool is_resident() const override { return resident_; }
  const Tensor& pixels() const override { return resident_ ? pixels_ : Dataset::pixels(); }
  void fetch(std::span<const std::int32_t> rows, std::uint8_t* to) const override {
    check_rows(rows);
    for (const std::int32_t row : rows) {
      if (row == broken) bad_input("numbers: image {} is broken", row);
      fetched += 1;
      to = std::copy_n(pixels_.data<const std::uint8_t>() + row * 24, 24, to);
    }
  }

  std::int32_t broken = -1;
  mutable std::atomic<int> fetched = 0;

 private:
  bool resident_;
  Tensor pixels_;
};

std::vector<std::uint8_t> bytes_of(const Tensor& images) {
  return {images.span<const std::uint8_t>().begin(), images.span<const std::uint8_t>().end()};
}

std::vector<std::uint8_t> fetched_from(const Dataset& dataset, const std::vector<std::int32_t>& rows) {
  std::vector<std::uint8_t> bytes(rows.size() * static_cast<std::size_t>(dataset.image_shape().size()));
  dataset.fetch(rows, bytes.data());
  return bytes;
}

TEST(Dataset, FetchesFromMemoryByDefault) {
  const auto world = open_dataset("world", {Split::train, "", 9, 8, 1});
  const std::int64_t size = world->image_shape().size();
  const std::vector<std::uint8_t> got = fetched_from(*world, {7, 0, 7});
  ASSERT_EQ(std::ssize(got), 3 * size);
  for (const auto& [place, image] : {std::pair{0, 7}, {1, 0}, {2, 7}}) {
    const auto* expected = world->pixels().data<const std::uint8_t>() + image * size;
    EXPECT_TRUE(std::equal(expected, expected + size, got.begin() + place * size));
  }
}

TEST(Dataset, RefusesRowsThatAreNoImages) {
  const Numbers numbers(5, true);
  EXPECT_THROW(fetched_from(numbers, {0, 5}), std::invalid_argument);
  EXPECT_THROW(fetched_from(numbers, {-1}), std::invalid_argument);
  EXPECT_THAT(message_of<std::invalid_argument>([] { Numbers(5, false).pixels(); }), HasSubstr("batch by batch"));
}

TEST(BatchFetcher, GivesTheSameBatchesWithAnyNumberOfThreads) {
  const Numbers numbers(200, false);
  std::vector<std::int32_t> rows(90);
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = static_cast<std::int32_t>(i * 37 % 200);
  const std::vector<std::uint8_t> expected = fetched_from(numbers, rows);
  for (const int count : {1, 2, 5}) {
    const Threads some(count);
    BatchFetcher fetcher(numbers, 90, Device::cpu);
    EXPECT_EQ(bytes_of(fetcher.get(rows)), expected) << count;
    fetcher.expect(std::span(rows).first(40));
    const Tensor shorter = fetcher.get(std::span(rows).first(40));
    EXPECT_EQ(shorter.extent(0), 40);
    EXPECT_TRUE(std::ranges::equal(shorter.span<const std::uint8_t>(), std::span(expected).first(40 * 24))) << count;
  }
}

TEST(BatchFetcher, ReadsAnExpectedBatchAheadAndOnce) {
  const Numbers numbers(100, false);
  BatchFetcher fetcher(numbers, 10, Device::cpu);
  const std::vector<std::int32_t> first{1, 2, 3};
  const std::vector<std::int32_t> second{9, 8};
  fetcher.get(first);
  fetcher.expect(second);
  for (int wait = 0; wait < 2000 && numbers.fetched < 5; ++wait) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  EXPECT_EQ(numbers.fetched, 5) << "the expected images are read before they are asked for";
  EXPECT_EQ(bytes_of(fetcher.get(first)), fetched_from(numbers, first)) << "the batch before is still there";
  numbers.fetched = 0;
  EXPECT_EQ(bytes_of(fetcher.get(second)).size(), 48U);
  fetcher.get(second);  // the second view of the same images
  EXPECT_EQ(numbers.fetched, 0);
}

TEST(BatchFetcher, GivesWhatIsAskedForWhenOtherImagesWereExpected) {
  const Numbers numbers(100, false);
  BatchFetcher fetcher(numbers, 50, Device::cpu);
  std::vector<std::int32_t> expected(50);
  for (std::size_t i = 0; i < 50; ++i) expected[i] = static_cast<std::int32_t>(99 - i);
  const std::vector<std::int32_t> others{4, 5, 6};
  fetcher.expect(expected);
  EXPECT_EQ(bytes_of(fetcher.get(others)), fetched_from(numbers, others));
  EXPECT_THROW(fetcher.get(std::vector<std::int32_t>(51)), std::invalid_argument);
}

TEST(BatchFetcher, RethrowsAndGoesOn) {
  Numbers numbers(100, false);
  numbers.broken = 33;
  BatchFetcher fetcher(numbers, 50, Device::cpu);
  std::vector<std::int32_t> rows(40);
  for (std::size_t i = 0; i < 40; ++i) rows[i] = static_cast<std::int32_t>(i);
  for (int attempt = 0; attempt < 2; ++attempt) {
    EXPECT_EQ(message_of<BadInput>([&] { fetcher.get(rows); }), "numbers: image 33 is broken");
  }
  EXPECT_EQ(bytes_of(fetcher.get(std::span(rows).first(30))).size(), 30U * 24);
  fetcher.expect(rows);  // destroyed while it reads
}

/// In a forked process: whether expecting images is refused, and the fetcher goes.
bool is_refused_and_gone(std::unique_ptr<BatchFetcher> fetcher) {
  alarm(20);  // a process that waits for threads that are not there is killed
  const std::vector<std::int32_t> rows{4, 5};
  const std::string told = message_of<std::invalid_argument>([&] { fetcher->get(rows); });
  fetcher.reset();
  return told.find("in the new process") != std::string::npos;
}

TEST(BatchFetcher, TellsAForkedProcessThatItsThreadsAreNotThere) {
  const Numbers numbers(100, false);
  auto fetcher = std::make_unique<BatchFetcher>(numbers, 50, Device::cpu);
  const std::vector<std::int32_t> rows{1, 2, 3};
  fetcher->get(rows);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) _exit(is_refused_and_gone(std::move(fetcher)) ? 0 : 1);
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(bytes_of(fetcher->get(rows)), fetched_from(numbers, rows)) << "the process that forked reads on";
}

TEST(BatchFetcher, IsRefusedOnAGpu) {
  const Numbers numbers(4, false);
  EXPECT_THROW(BatchFetcher(numbers, 4, Device::cuda), std::invalid_argument);
  EXPECT_THAT(message_of<std::invalid_argument>(
                  [&] { SourceImages(ViewSource{.dataset = numbers, .seed = 1, .batch = 2, .device = Device::cuda}); }),
              AllOf(HasSubstr("GPU"), HasSubstr("--device cpu"), HasSubstr("memory_gb")));
}

TEST(SourceImages, ViewsAreTheSameWhetherImagesAreInMemoryOrFetched) {
  const Numbers resident(30, true);
  const Numbers streamed(30, false);
  for (const Device device : {Device::cpu, Device::reference}) {
    const auto kind = [&](const Dataset& dataset) {
      return ViewsRegistry::instance().make("identity", {}, {dataset, 3, 8, device});
    };
    const auto expected = kind(resident);
    const auto made = kind(streamed);
    for (const std::vector<std::int32_t>& rows : {std::vector<std::int32_t>{29, 0, 17}, {5, 5, 6, 7, 8, 9, 10, 11}}) {
      Tensor one(batch_of(std::ssize(rows), resident.image_shape()), DType::float32, device);
      Tensor other(one.shape(), DType::float32, device);
      expected->make(2, 1, indices_of(rows, device), one);
      made->expect(indices_of(rows, device));
      made->make(2, 1, indices_of(rows, device), other);
      EXPECT_TRUE(std::ranges::equal(one.span<float>(), other.span<float>()));
    }
  }
}

TEST(WholeImages, HandsOutFetchedImagesAsThoseInMemory) {
  const Numbers resident(23, true);
  const Numbers streamed(23, false);
  WholeImages expected(resident, 10, DType::float32, Device::cpu);
  WholeImages made(streamed, 10, DType::float32, Device::cpu);
  EXPECT_EQ(made.total(), 23);
  for (const std::int64_t first : {0, 10, 20, 0}) {
    const Tensor one = expected(first);
    const Tensor other = made(first);
    ASSERT_EQ(one.shape(), other.shape());
    EXPECT_TRUE(std::ranges::equal(one.span<const float>(), other.span<const float>()));
  }
}

TEST(RandomAccessFile, ReadsAnywhereAndSaysWhereAFileEnds) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "bytes";
  write_file(path, "0123456789");
  RandomAccessFile file(path);
  EXPECT_EQ(file.size(), 10);
  std::array<std::byte, 4> four{};
  file.read(3, four);
  EXPECT_EQ(std::to_integer<char>(four[0]), '3');
  EXPECT_EQ(std::to_integer<char>(four[3]), '6');
  EXPECT_THAT(message_of<BadInput>([&] { file.read(8, four); }), HasSubstr("bytes: ends at byte 10"));
  EXPECT_THROW(RandomAccessFile(folder.path() / "none"), BadInput);
  EXPECT_THROW(RandomAccessFile(folder.path()), BadInput);
  EXPECT_THAT(message_of<BadInput>([] { RandomAccessFile("/dev/zero"); }), HasSubstr("save it as a file first"));
}

}  // namespace
}  // namespace biossl
