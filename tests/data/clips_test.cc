// Frames of videos: the data set "clips", arrays with clips, the views "frames".
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>

#include "biossl/core/atomic_file.h"
#include "biossl/core/file.h"
#include "biossl/data/batch_sampler.h"
#include "biossl/data/contact_sheet.h"
#include "biossl/data/pack.h"
#include "biossl/data/subset.h"
#include "biossl/data/views.h"
#include "tests/support/data_files.h"
#include "tests/support/message_of.h"
#include "tests/support/pictures.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/tensors.h"

namespace biossl {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::indices_of;
using testing::message_of;
using testing::noise;
using testing::npy_bytes;
using testing::png_bytes;
using testing::quarters;
using testing::raw;
using testing::TemporaryFolder;
using testing::zip_bytes;

class ClipsTest : public ::testing::Test {
 protected:
  void SetUp() override { setenv("XDG_CACHE_HOME", (folder_.path() / "cache").c_str(), 1); }
  void TearDown() override { unsetenv("XDG_CACHE_HOME"); }

  fs::path videos() const { return folder_.path() / "videos"; }
  fs::path packed() const { return folder_.path() / "packed"; }
  void write(const std::string& name, const std::string& bytes = png_bytes(quarters(8, 8))) const {
    fs::create_directories((videos() / name).parent_path());
    write_file(videos() / name, bytes);
  }
  PictureList list() const { return list_pictures(videos(), PictureLayout::clips).train; }
  std::vector<std::string> names(const PictureList& list) const {
    std::vector<std::string> names;
    for (const PictureFile& file : list.files) names.push_back(fs::relative(file.path, videos()).string());
    return names;
  }
  static std::vector<std::int32_t> clips_of(const PictureList& list) {
    std::vector<std::int32_t> clips;
    for (const PictureFile& file : list.files) clips.push_back(file.clip);
    return clips;
  }
  std::unique_ptr<Dataset> open(std::int64_t images = 0) const {
    return open_dataset("clips", {.directory = videos(), .images = images, .resize = 4});
  }

  /// An array of images of one pixel, image i of the value i, that are frames of these clips.
  std::unique_ptr<Dataset> frames(const std::vector<std::int64_t>& clips, std::int64_t memory = 0) const {
    const std::size_t count = clips.size();
    std::string pixels;
    for (std::size_t i = 0; i < count; ++i) pixels += static_cast<char>(i);
    fs::create_directories(packed());
    write_file(packed() / "images.npy", npy_bytes("|u1", fmt::format("({}, 1, 1)", count), pixels));
    write_file(packed() / "clips.npy", npy_bytes("<i8", fmt::format("({},)", count), raw(clips)));
    return open_dataset("array", {.directory = packed(), .memory = memory});
  }
  static std::unique_ptr<Views> views(const Dataset& dataset, std::int64_t gap) {
    return ViewsRegistry::instance().make("frames", {{"gap", gap}},
                                          {.dataset = dataset, .seed = 1, .batch = 4, .device = Device::cpu});
  }
  /// The values of a view's images, as bytes.
  static std::vector<int> shown(Views& views, std::uint32_t view, const std::vector<std::int32_t>& rows) {
    Tensor dst({std::ssize(rows), 1, 1, 1}, DType::float32, Device::cpu);
    views.make(0, view, indices_of(rows, Device::cpu), dst);
    std::vector<int> values;
    for (const float value : dst.span<const float>()) values.push_back(static_cast<int>(std::lround(255 * value)));
    return values;
  }

  TemporaryFolder folder_;
};

TEST_F(ClipsTest, AFolderIsAClipAndItsFramesAreInNaturalOrder) {
  for (const char* name : {"b/f10.png", "b/f9.png", "b/f1.png", "a/x.png", "a/.hidden.png", "a/notes.txt"}) write(name);
  const PictureList listed = list();
  EXPECT_THAT(names(listed), ElementsAre("a/x.png", "b/f1.png", "b/f9.png", "b/f10.png"));
  EXPECT_THAT(clips_of(listed), ElementsAre(0, 1, 1, 1));
  EXPECT_EQ(listed.clips, 2);
  EXPECT_TRUE(listed.classes.empty());
}

TEST_F(ClipsTest, AFolderOfFramesAloneIsOneClip) {
  write("2.png");
  write("10.png");
  EXPECT_THAT(names(list()), ElementsAre("2.png", "10.png"));
  EXPECT_THAT(clips_of(list()), ElementsAre(0, 0));
}

TEST_F(ClipsTest, FoldersOfClipsAreClassesWhoseClipsTakeTurns) {
  for (const char* name : {"walk/a/1.png", "walk/a/2.png", "walk/b/1.png", "run/c/1.png", "run/c/2.png"}) write(name);
  const PictureList listed = list();
  EXPECT_THAT(listed.classes, ElementsAre("run", "walk"));
  EXPECT_THAT(names(listed), ElementsAre("run/c/1.png", "run/c/2.png", "walk/a/1.png", "walk/a/2.png", "walk/b/1.png"));
  EXPECT_THAT(clips_of(listed), ElementsAre(0, 0, 1, 1, 2));
  EXPECT_THAT(open()->labels(), ElementsAre(0, 0, 1, 1, 1));
  EXPECT_THAT(open()->clips(), ElementsAre(0, 0, 1, 1, 2));
  EXPECT_THAT(open(3)->clips(), ElementsAre(0, 0, 1));
}

TEST_F(ClipsTest, ClipsWithAndWithoutAClassAreRefused) {
  write("walk/a/1.png");
  write("b/1.png");
  EXPECT_THAT(message_of<BadInput>([&] { list(); }),
              AllOf(HasSubstr("holds frames (b/1.png) beside deeper ones (walk/a/1.png)")));
  fs::remove_all(videos() / "walk");
  write("1.png");
  EXPECT_THAT(message_of<BadInput>([&] { list(); }), HasSubstr("holds frames (1.png) beside deeper ones (b/1.png)"));
  fs::remove_all(videos());
  fs::create_directories(videos() / "empty");
  EXPECT_THAT(message_of<BadInput>([&] { list(); }), HasSubstr("holds no pictures"));
}

TEST_F(ClipsTest, LinksInCirclesEnd) {
  write("a/1.png");
  fs::create_directory_symlink(videos(), videos() / "a" / "back");
  EXPECT_THAT(names(list()), ElementsAre("a/1.png"));
}

TEST_F(ClipsTest, TrainAndTestShareTheirClasses) {
  write("train/walk/a/1.png");
  write("train/run/a/1.png");
  write("test/walk/t/1.png");
  const PictureFolder listed = list_pictures(videos(), PictureLayout::clips);
  EXPECT_THAT(listed.train.classes, ElementsAre("run", "walk"));
  EXPECT_EQ(listed.test->files.at(0).label, 1);
  EXPECT_EQ(listed.test->clips, 1);
}

TEST_F(ClipsTest, ABrokenFrameEndsAClip) {
  for (const char* name : {"a/1.png", "a/2.png", "a/4.png", "a/5.png", "b/1.png"}) write(name);
  write("a/3.png", "no picture");
  const PackSummary summary = pack_pictures(list_pictures(videos(), PictureLayout::clips), packed(), {.side = 4});
  EXPECT_EQ(summary.broken.size(), 1U);
  EXPECT_THAT(open_dataset("array", {.directory = packed()})->clips(), ElementsAre(0, 0, 1, 1, 2));
}

TEST_F(ClipsTest, StillPicturesAndClipsOfOneFolderAreKeptApartInTheCache) {
  write("a/1.png");
  write("a/2.png");
  EXPECT_TRUE(open()->has_clips());
  const auto still = open_dataset("folder", {.directory = videos(), .resize = 4});
  EXPECT_FALSE(still->has_clips());
  EXPECT_TRUE(open()->has_clips());
}

TEST_F(ClipsTest, ArraysHaveClipsBesideThemOrInTheirFile) {
  const std::string images = npy_bytes("|u1", "(3, 2, 2)", noise(12));
  const std::string clips = npy_bytes("<i8", "(3,)", raw(std::vector<std::int64_t>{7, 7, -2}));
  const auto of_file = [&](const std::string& name) {
    return open_dataset("array", {.directory = folder_.path()}, {{"path", name}})->clips();
  };
  write_file(folder_.path() / "all.npz", zip_bytes({{"x_train.npy", images}, {"clips.npy", clips}}));
  EXPECT_THAT(of_file("all.npz"), ElementsAre(0, 0, 1));
  write_file(folder_.path() / "films.npy", images);
  EXPECT_THAT(of_file("films.npy"), ElementsAre());
  write_file(folder_.path() / "films_clips.npy", clips);
  EXPECT_THAT(of_file("films.npy"), ElementsAre(0, 0, 1));
}

TEST_F(ClipsTest, ClipsOfArraysAreChecked) {
  EXPECT_THAT(message_of<BadInput>([&] {
                frames({4, 4, 5, 4});
              }),
              HasSubstr("clips.npy: clip 4 comes back at image 3; the frames of a clip lie one after another"));
  frames({0, 0});
  write_file(packed() / "clips.npy", npy_bytes("<i8", "(1,)", raw(std::vector<std::int64_t>{0})));
  EXPECT_THAT(message_of<BadInput>([&] { open_dataset("array", {.directory = packed()}); }),
              HasSubstr("has 1 clips for the 2 images"));
}

TEST_F(ClipsTest, PairsLieAGapApartAndNeverAcrossClips) {
  const std::vector<std::int64_t> clips{0, 0, 0, 0, 1, 2, 2, 2};
  for (const std::int64_t memory : {std::int64_t{0}, std::int64_t{1}}) {  // in memory, or read batch by batch
    const auto images = frames(clips, memory);
    ASSERT_EQ(images->is_resident(), memory == 0);
    const auto near = views(*images, 1);
    EXPECT_THAT(near->images(), ElementsAre(0, 1, 2, 5, 6));
    const auto far = views(*images, 2);
    EXPECT_THAT(far->images(), ElementsAre(0, 1, 5));
    far->expect(indices_of({5, 0, 1}, Device::cpu));
    EXPECT_THAT(shown(*far, 0, {5, 0, 1}), ElementsAre(5, 0, 1));
    EXPECT_THAT(shown(*far, 1, {5, 0, 1}), ElementsAre(7, 2, 3));
    EXPECT_THAT(shown(*far, 1, {1}), ElementsAre(3));
  }
}

TEST_F(ClipsTest, AnEpochShowsEveryPairOnce) {
  const auto images = frames({0, 0, 0, 1, 2, 2});
  const auto pairs = views(*images, 1);
  BatchSampler sampler(3, pairs->images(), 2, Device::cpu);
  EXPECT_EQ(sampler.images(), 3);
  EXPECT_EQ(sampler.batches(), 2);
  for (const std::uint32_t epoch : {0U, 1U, 2U}) {
    sampler.start_epoch(epoch);
    std::map<std::int32_t, int> seen;
    for (std::int64_t batch = 0; batch < sampler.batches(); ++batch) {
      const Tensor rows = sampler.rows(batch);
      for (const std::int32_t row : rows.span<const std::int32_t>()) ++seen[row];
    }
    EXPECT_EQ(seen, (std::map<std::int32_t, int>{{0, 1}, {1, 1}, {4, 1}}));
  }
}

TEST_F(ClipsTest, ImpossiblePairsAreRefused) {
  const auto images = frames({0, 0, 0, 1, 1});
  const auto fault = [&](const Dataset& dataset, std::int64_t gap) {
    return message_of<std::invalid_argument>([&] { views(dataset, gap); });
  };
  EXPECT_THAT(fault(*images, 0), HasSubstr("gap = 0; must be at least 1"));
  EXPECT_THAT(fault(*images, -3), HasSubstr("must be at least 1"));
  EXPECT_THAT(fault(*images, 3), HasSubstr("gap = 3, and the longest clip has 3 frames; lower the gap"));
  EXPECT_THAT(fault(*images, std::int64_t{1} << 62), HasSubstr("lower the gap"));
  const auto world = open_dataset("world", {.directory = "", .images = 4, .image_size = 8});
  EXPECT_THAT(fault(*world, 1), HasSubstr("no frames of clips; use the data set \"clips\""));
}

TEST_F(ClipsTest, SharesTakeWholeClips) {
  std::vector<std::int64_t> clips;
  for (std::int64_t clip = 0; clip < 10; ++clip)
    clips.insert(clips.end(), static_cast<std::size_t>(1 + clip % 3), clip);
  const auto images = frames(clips);
  const RowShares shares = draw_share(*images, 0.3, 5, "data.test_share");
  const auto numbers = [&](const std::vector<std::int32_t>& rows) {
    std::map<std::int32_t, std::int64_t> frames_of;
    for (const std::int32_t row : rows) ++frames_of[images->clips()[static_cast<std::size_t>(row)]];
    return frames_of;
  };
  EXPECT_EQ(numbers(shares.taken).size(), 3U);
  EXPECT_EQ(numbers(shares.rest).size(), 7U);
  for (const auto& rows : {shares.taken, shares.rest}) {
    for (const auto& [clip, count] : numbers(rows)) EXPECT_EQ(count, 1 + clip % 3);
  }
  const auto taken = make_subset(frames(clips), shares.taken);
  EXPECT_EQ(taken->clips().size(), shares.taken.size());
  EXPECT_TRUE(taken->has_clips());
}

TEST_F(ClipsTest, SheetsShowAClipARow) {
  const auto images = frames({0, 0, 0, 1, 1});
  const fs::path sheet = folder_.path() / "sheet.png";
  write_contact_sheet(*images, sheet, {.rows = 5, .columns = 8, .scale = 2});
  const std::string two_rows = read_file(sheet).substr(16, 8);  // width and height in the file's header
  write_contact_sheet(*frames({0, 1, 2, 2, 2}), sheet, {.rows = 5, .columns = 8, .scale = 2});
  EXPECT_LT(two_rows, read_file(sheet).substr(16, 8)) << "three clips take more rows than two";
  const auto pairs = views(*images, 2);
  write_view_sheet(*images, *pairs, {.image = images->image_shape()}, Device::cpu, sheet,
                   {.rows = 3, .columns = 2, .scale = 2});
  EXPECT_TRUE(fs::exists(sheet));
}

}  // namespace
}  // namespace biossl
