// The data set "folder" and `pack_pictures`.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <cstdlib>

#include "biossl/core/atomic_file.h"
#include "biossl/core/file.h"
#include "biossl/core/parallel.h"
#include "biossl/core/staging_folder.h"
#include "biossl/data/array_images.h"
#include "biossl/data/pack.h"
#include "biossl/data/picture_folder.h"
#include "tests/support/data_files.h"
#include "tests/support/message_of.h"
#include "tests/support/pictures.h"
#include "tests/support/temporary_folder.h"

namespace biossl {
namespace {

namespace fs = std::filesystem;
using testing::all_bytes;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::jpeg_bytes;
using testing::message_of;
using testing::png_bytes;
using testing::PngKind;
using testing::quarters;
using ::testing::SizeIs;
using testing::TemporaryFolder;
using testing::webp_bytes;

class FolderTest : public ::testing::Test {
 protected:
  void SetUp() override { setenv("XDG_CACHE_HOME", cache().c_str(), 1); }
  void TearDown() override { unsetenv("XDG_CACHE_HOME"); }

  fs::path pictures() const { return folder_.path() / "pictures"; }
  fs::path cache() const { return folder_.path() / "cache"; }
  fs::path packed() const { return folder_.path() / "packed"; }
  void write(const std::string& name, const std::string& bytes) const {
    fs::create_directories((pictures() / name).parent_path());
    write_file(pictures() / name, bytes);
  }
  void write_two_classes(const std::string& below = "") const {
    write(below + "dog/b.png", png_bytes(quarters(40, 20)));
    write(below + "cat/A.JPG", jpeg_bytes(quarters(30, 50)));
    write(below + "cat/\xc3\xa4 \xe7\x8c\xab.webp", webp_bytes(quarters(9, 9)));
    write(below + "cat/deep/er/z.jpeg", jpeg_bytes(quarters(16, 16), {.grey = true}));
  }
  PackSummary pack(bool strict = false) const {
    return pack_pictures(list_pictures(pictures()), packed(), {.side = 8, .strict = strict});
  }
  std::unique_ptr<Dataset> open(Split split = Split::train, std::int64_t resize = 8,
                                const Settings& settings = {}) const {
    return open_dataset("folder", {.split = split, .directory = pictures(), .resize = resize}, settings);
  }
  std::vector<std::string> names(const PictureList& list) const {
    std::vector<std::string> names;
    for (const PictureFile& file : list.files) names.push_back(fs::relative(file.path, pictures()).string());
    return names;
  }

  TemporaryFolder folder_;
};

TEST_F(FolderTest, AFolderIsAClassAndClassesTakeTurns) {
  write_two_classes();
  write(".hidden/x.png", "no picture");
  write("cat/.DS_Store", "hidden");
  write("cat/.hidden.jpg", "hidden");
  write("cat/notes.txt", "foreign");
  write("README", "foreign");
  fs::create_directories(pictures() / "empty");
  const PictureFolder listed = list_pictures(pictures());
  EXPECT_THAT(listed.train.classes, ElementsAre("cat", "dog"));
  EXPECT_THAT(names(listed.train),
              ElementsAre("cat/A.JPG", "dog/b.png", "cat/deep/er/z.jpeg", "cat/\xc3\xa4 \xe7\x8c\xab.webp"));
  EXPECT_EQ(listed.foreign_files, 2);
  EXPECT_FALSE(listed.test.has_value());
}

TEST_F(FolderTest, AFlatFolderHasNoClasses) {
  write("b.png", png_bytes(quarters(8, 8)));
  write("a.jpg", jpeg_bytes(quarters(8, 8)));
  const PictureFolder listed = list_pictures(pictures());
  EXPECT_THAT(listed.train.classes, IsEmpty());
  EXPECT_THAT(names(listed.train), ElementsAre("a.jpg", "b.png"));
  const auto set = open();
  EXPECT_FALSE(set->is_labelled());
  EXPECT_EQ(set->size(), 2);
  EXPECT_THROW(open(Split::test), MissingSplit);
}

TEST_F(FolderTest, FollowsLinksButNotInCircles) {
  write("cat/a.jpg", jpeg_bytes(quarters(8, 8)));
  write("real/b.jpg", jpeg_bytes(quarters(8, 8)));
  fs::create_directory_symlink(pictures() / "real", pictures() / "linked");
  fs::create_directory_symlink(pictures(), pictures() / "cat" / "back");
  fs::create_symlink(pictures() / "real" / "b.jpg", pictures() / "cat" / "link.jpg");
  fs::create_symlink(pictures() / "nothing", pictures() / "cat" / "broken.jpg");
  const PictureFolder listed = list_pictures(pictures());
  EXPECT_THAT(listed.train.classes, ElementsAre("cat", "linked", "real"));
  EXPECT_THAT(listed.train.files, SizeIs(5));
  EXPECT_THAT(pack().broken, ElementsAre(AllOf(HasSubstr("cat/broken.jpg"), HasSubstr("cannot be read"))));
}

TEST_F(FolderTest, TrainAndTestShareTheirClasses) {
  write_two_classes("train/");
  write("test/dog/t.png", png_bytes(quarters(8, 8)));
  EXPECT_THAT(open()->class_names(), ElementsAre("cat", "dog"));
  const auto test = open(Split::test);
  EXPECT_THAT(test->labels(), ElementsAre(1));
  EXPECT_THAT(test->class_names(), ElementsAre("cat", "dog"));
  write("test/horse/t.png", png_bytes(quarters(8, 8)));
  EXPECT_THAT(message_of<BadInput>([&] { list_pictures(pictures()); }), HasSubstr("has a class horse that train/"));
  fs::remove_all(pictures() / "test");
  write("test/t.png", png_bytes(quarters(8, 8)));
  EXPECT_THAT(message_of<BadInput>([&] { list_pictures(pictures()); }), HasSubstr("no classes"));
  fs::remove_all(pictures() / "test");
  write("car/c.png", png_bytes(quarters(8, 8)));
  EXPECT_THAT(list_pictures(pictures()).train.classes, ElementsAre("car", "train"));
}

TEST_F(FolderTest, SaysWhatIsWrongWithAFolder) {
  EXPECT_THAT(message_of<BadInput>([&] { list_pictures(pictures()); }), HasSubstr("there is no such folder"));
  write("photograph.jpg", "x");
  EXPECT_THAT(message_of<BadInput>([&] { list_pictures(pictures() / "photograph.jpg"); }),
              HasSubstr("is no folder of pictures"));
  fs::remove(pictures() / "photograph.jpg");
  write("notes.txt", "no picture");
  EXPECT_THAT(message_of<BadInput>([&] { list_pictures(pictures()); }), HasSubstr("holds no pictures"));
  write("cat/a.jpg", "x");
  write("b.jpg", "x");
  EXPECT_THAT(message_of<BadInput>([&] { list_pictures(pictures()); }),
              AllOf(HasSubstr("b.jpg"), HasSubstr("beside folders of pictures (cat/)")));
  EXPECT_THAT(message_of<BadInput>([&] { open(Split::train, 0); }), HasSubstr("--set data.resize=32"));
}

TEST_F(FolderTest, PacksTheSameWithAnyNumberOfThreads) {
  write_two_classes();
  const int before = threads();
  std::vector<std::vector<std::uint8_t>> made;
  for (const int count : {1, 3}) {
    set_threads(count);
    const PackSummary summary = pack();
    EXPECT_EQ(summary.train_images, 4);
    EXPECT_THAT(summary.broken, IsEmpty());
    const auto set = open_dataset("array", {.directory = packed()});
    EXPECT_EQ(set->image_shape(), Shape({8, 8, 3}));
    EXPECT_THAT(set->labels(), ElementsAre(0, 1, 0, 0));
    EXPECT_THAT(set->class_names(), ElementsAre("cat", "dog"));
    made.push_back(all_bytes(*set));
    fs::remove_all(packed());
  }
  set_threads(before);
  EXPECT_EQ(made[0], made[1]);
  EXPECT_NEAR(made[0][192], 255, 3) << "the second image, of the first dog, begins with red";
  EXPECT_NEAR(made[0][193], 0, 3);
}

TEST_F(FolderTest, BrokenPicturesAreNamedAndPassedOverOrStopThePacking) {
  write_two_classes();
  write("cat/B.jpg", jpeg_bytes(quarters(64, 64)).substr(0, 700));
  write("dog/a.png", "no picture");
  const PackSummary summary = pack();
  EXPECT_EQ(summary.train_images, 4);
  EXPECT_THAT(summary.broken, SizeIs(2));
  EXPECT_THAT(read_file(packed() / "broken.txt"), AllOf(HasSubstr("cat/B.jpg"), HasSubstr("dog/a.png")));
  EXPECT_EQ(open_dataset("array", {.directory = packed()})->size(), 4);
  EXPECT_THAT(message_of<std::invalid_argument>([&] { pack(); }), HasSubstr("exists"));
  fs::remove_all(packed());
  EXPECT_THAT(message_of<BadInput>([&] { pack(true); }), HasSubstr("/pictures/"));
  EXPECT_FALSE(fs::exists(packed()));
  EXPECT_FALSE(fs::exists(packed().string() + ".packing"));
  const auto set = open();
  EXPECT_THAT(set->notes(), ElementsAre(HasSubstr("2 pictures are broken and were skipped")));
  EXPECT_THROW(open(Split::train, 8, {{"strict", true}}), BadInput);
}

TEST_F(FolderTest, AFolderOfNothingButBrokenPicturesIsRefused) {
  write("a.jpg", "no picture");
  EXPECT_THAT(message_of<BadInput>([&] { pack(); }), HasSubstr("a.jpg: is no JPEG"));
  EXPECT_FALSE(fs::exists(packed()));
}

TEST_F(FolderTest, StoppingLeavesNothing) {
  write_two_classes();
  const auto stop = [](std::int64_t, std::int64_t, std::string_view) { throw std::runtime_error("stopped"); };
  EXPECT_THROW(pack_pictures(list_pictures(pictures()), packed(), {.side = 8, .progress = stop}), std::runtime_error);
  EXPECT_THAT(fs::exists(packed()) || fs::exists(packed().string() + ".packing"), false);
}

TEST_F(FolderTest, PipesAreNoPicturesAndAreNotWaitedFor) {
  write_two_classes();
  ASSERT_EQ(mkfifo((pictures() / "cat/1.png").c_str(), 0600), 0);
  PictureFolder listed = list_pictures(pictures());
  EXPECT_THAT(listed.train.files, SizeIs(4));
  EXPECT_EQ(listed.foreign_files, 1);
  listed.train.files.front().path = pictures() / "cat/1.png";  // as if it had become a pipe meanwhile
  EXPECT_THAT(pack_pictures(listed, packed(), {.side = 8}).broken,
              ElementsAre(AllOf(HasSubstr("cat/1.png"), HasSubstr("is a pipe or a device"))));
}

TEST_F(FolderTest, AHugeFileIsABrokenPicture) {
  write_two_classes();
  write("cat/huge.jpg", jpeg_bytes(quarters(8, 8)));
  std::error_code fault;
  fs::resize_file(pictures() / "cat/huge.jpg", std::uintmax_t{3} << 30, fault);
  if (fault) GTEST_SKIP() << "no file of 3 GiB with a hole can be made here: " << fault.message();
  EXPECT_THAT(pack().broken,
              ElementsAre(AllOf(HasSubstr("cat/huge.jpg: has 3221225472 bytes"), HasSubstr("1024 MiB"))));
}

TEST_F(FolderTest, ASetIsPackedByOneProcessAtATime) {
  write_two_classes();
  {
    const StagingFolder other(packed().string() + ".packing");
    write_file(other.path() / "images.npy", "half");
    EXPECT_THAT(message_of<InUse>([&] { pack(); }), HasSubstr("another process is at work in it"));
    EXPECT_EQ(read_file(other.path() / "images.npy"), "half");
  }
  EXPECT_EQ(pack().train_images, 4);
}

TEST_F(FolderTest, ASetThatHasComeMeanwhileStays) {
  write_two_classes();
  const auto come_second = [&](std::int64_t, std::int64_t, std::string_view) {
    fs::create_directories(packed() / "a");
  };
  EXPECT_THROW(pack_pictures(list_pictures(pictures()), packed(), {.side = 8, .progress = come_second}), WriteError);
  EXPECT_THAT(message_of<std::invalid_argument>([&] { pack(); }), HasSubstr("exists"));
  EXPECT_FALSE(fs::exists(packed().string() + ".packing"));
}

TEST_F(FolderTest, ASlashAtTheEndOfTheNameMakesNoDifference) {
  write_two_classes();
  for (const char* end : {"//", "/./"}) {
    pack_pictures(list_pictures(pictures()), packed().string() + end, {.side = 8});
    EXPECT_TRUE(fs::exists(packed() / "images.npy")) << end;
    EXPECT_FALSE(fs::exists(packed() / ".packing")) << end;
    fs::remove_all(packed());
  }
  EXPECT_THROW(pack_pictures(list_pictures(pictures()), "", {.side = 8}), std::invalid_argument);
}

TEST_F(FolderTest, AFolderOfTheUsersIsNotRemoved) {
  write_two_classes();
  const fs::path own = packed().string() + ".packing";
  fs::create_directories(own);
  write_file(own / "thesis.txt", "text");
  EXPECT_THAT(message_of<WriteError>([&] { pack(); }), AllOf(HasSubstr(own.string()), HasSubstr("move it away")));
  EXPECT_EQ(read_file(own / "thesis.txt"), "text");
  EXPECT_FALSE(fs::exists(packed()));
}

TEST_F(FolderTest, ADamagedCacheIsMadeAnew) {
  write_two_classes();
  const std::vector<std::uint8_t> bytes = all_bytes(*open());
  const auto cached = [&](const std::string& name) {
    for (const auto& entry : fs::recursive_directory_iterator(cache())) {
      if (entry.path().filename() == name) return entry.path();
    }
    ADD_FAILURE() << "the cache holds no " << name;
    return fs::path();
  };
  const auto is_as_before = [&] {
    const auto set = open();
    EXPECT_THAT(set->labels(), ElementsAre(0, 1, 0, 0));
    EXPECT_EQ(all_bytes(*set), bytes);
  };
  for (const char* name : {"images.npy", "labels.npy", "inventory.txt"}) {
    SCOPED_TRACE(name);
    fs::remove(cached(name));
    is_as_before();
  }
  fs::resize_file(cached("images.npy"), fs::file_size(cached("images.npy")) - 1);
  is_as_before();
  const fs::path labels = cached("labels.npy");
  write_file(labels, std::string(fs::file_size(labels), 'x'));
  EXPECT_THAT(message_of<BadInput>([&] { open(); }),
              AllOf(HasSubstr(labels.string()), HasSubstr("remove " + labels.parent_path().string())));
}

TEST_F(FolderTest, IsPackedOnceAndAnewWhenItHasChanged) {
  write_two_classes();
  int packings = 0;
  const auto size = [&] {
    return open_dataset("folder", {.directory = pictures(),
                                   .resize = 8,
                                   .progress =
                                       [&](auto done, auto, auto) {
                                         if (done == 1) ++packings;
                                       }})
        ->size();
  };
  const int before = threads();
  set_threads(1);  // every picture is told
  EXPECT_EQ(size(), 4);
  EXPECT_EQ(size(), 4);
  EXPECT_EQ(packings, 1);
  write("dog/new.png", png_bytes(quarters(12, 12)));
  EXPECT_EQ(size(), 5);
  EXPECT_EQ(packings, 2);
  fs::last_write_time(pictures() / "dog/new.png", fs::file_time_type::clock::now() + std::chrono::hours(1));
  EXPECT_EQ(size(), 5);
  EXPECT_EQ(packings, 3);
  fs::remove(pictures() / "dog/new.png");
  EXPECT_EQ(size(), 4);
  EXPECT_EQ(packings, 4);
  set_threads(before);
  std::ptrdiff_t kept = 0;
  for (const auto& place : fs::directory_iterator(cache() / "biossl" / "packed")) {
    kept += std::distance(fs::directory_iterator(place), fs::directory_iterator());
  }
  EXPECT_EQ(kept, 1) << "older packings go";
}

}  // namespace
}  // namespace biossl
