#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "biossl/core/atomic_file.h"
#include "biossl/core/file.h"
#include "tests/cli/program.h"
#include "tests/support/pictures.h"

// Own pictures, from outside: packed, looked at, learnt from, embedded.

namespace biossl {
namespace {

using ::testing::AllOf;
using testing::expect_one_line;
using ::testing::HasSubstr;
using testing::jpeg_bytes;
using testing::Outcome;
using testing::png_bytes;
using testing::Program;
using testing::quarters;

class OwnPictures : public Program {
 protected:
  void write(const std::string& name, const std::string& bytes) const {
    const std::filesystem::path path = in("pictures/" + name);
    std::filesystem::create_directories(path.parent_path());
    write_file(path, bytes);
  }
  /// Of two classes, some to test on.
  void write_pictures() const {
    for (int i = 0; i < 6; ++i) {
      const std::string split = i < 4 ? "train/" : "test/";
      write(split + "cat/" + std::to_string(i) + ".jpg", jpeg_bytes(quarters(20 + i, 30)));
      write(split + "dog/" + std::to_string(i) + ".PNG", png_bytes(quarters(40, 20 + i)));
    }
  }
};

TEST_F(OwnPictures, ArePackedAndLookedAt) {
  write_pictures();
  write("train/cat/broken.jpg", "no picture");
  const Outcome packed = run({"data", "pack", in("pictures"), "--size", "12", "--out", in("set")});
  EXPECT_EQ(packed.code, 0) << packed.error;
  EXPECT_THAT(packed.out, AllOf(HasSubstr("8 images of 2 classes of 12x12, 4 to test on"), HasSubstr("skipped: "),
                                HasSubstr("broken.jpg: is no JPEG, PNG or WebP picture"),
                                HasSubstr("1 broken pictures were skipped")));
  const Outcome info = run({"data", "info", "array", "--data", in("set")});
  EXPECT_THAT(info.out, AllOf(HasSubstr("array train: 8 images of 12x12x3, 2 classes"), HasSubstr("0 cat"),
                              HasSubstr("array test: 4 images")));
  EXPECT_EQ(run({"data", "preview", "array", "--data", in("set"), "--out", in("sheet.png")}).code, 0);
  expect_one_line(run({"data", "pack", in("pictures"), "--size", "12", "--out", in("set")}), 2, "exists");
  expect_one_line(run({"data", "pack", in("pictures"), "--size", "12", "--strict", "--out", in("other")}), 3,
                  "broken.jpg: is no JPEG");
  EXPECT_FALSE(std::filesystem::exists(in("other")));
  expect_one_line(run({"data", "pack", in("none"), "--size", "12", "--out", in("other")}), 3,
                  "there is no such folder");
}

TEST_F(OwnPictures, AreShownUnderViewsWithSettings) {
  write_pictures();
  const std::string start = R"(XDG_CACHE_HOME="$1/cache" "$0" data preview folder --data "$1/pictures" --size 20 )"
                            R"(--out "$1/sheet.png" )";
  const Outcome crops = shell(start + "--views crops --views-set size=8 --views-set jitter=0");
  EXPECT_EQ(crops.code, 0) << crops.error;
  EXPECT_THAT(crops.out, HasSubstr("then pairs of its views"));
  const Outcome patches = shell(start + "--views patches --views-set crop=16 --views-set patch=8 --views-set stride=4");
  EXPECT_EQ(patches.code, 0) << patches.error;
  EXPECT_THAT(patches.out, HasSubstr("its view in several epochs"));
  expect_one_line(shell(start + "--views patches"), 2, "20x20, smaller than views.crop = 64");
  expect_one_line(shell(start + "--views crops --views-set sizes=8"), 2, "'size'");
  expect_one_line(shell(start + "--views crops --views-set size"), 2, "KEY=VALUE");
  expect_one_line(shell(start + "--views crops --views-set size=8 --views-set size=9"), 2, "twice");
  expect_one_line(shell(start + "--views-set size=8"), 2, "--views-set needs --views");
}

TEST_F(OwnPictures, SequencesOfTheWorldAreShownWithItsSettings) {
  const std::string start = "\"$0\" data preview world --out \"$1\"/sheet.png ";
  const Outcome shown = shell(start + "--sequences --set moments=5 --set classes=cube");
  EXPECT_EQ(shown.code, 0) << shown.error;
  EXPECT_THAT(shown.out, HasSubstr("an image a row, then moments of a sequence of world"));
  expect_one_line(shell(start + "--sequences --views moments"), 2, "give one of them");
  expect_one_line(shell(start + "--set occluders=1"), 2, "there is no key 'occluders'; did you mean 'occluder'?");
  expect_one_line(shell(start + "--set tint"), 2, "KEY=VALUE");
  const std::string other = "\"$0\" data preview rhm --out \"$1\"/sheet.png --sequences";
  expect_one_line(shell(other), 2, "has no sequences of moments");
}

TEST_F(OwnPictures, VideosArePackedAndLookedAt) {
  for (int i = 1; i <= 12; ++i) write("film/" + std::to_string(i) + ".png", png_bytes(quarters(9, 9 + i)));
  const Outcome packed = shell("\"$0\" data pack \"$1\"/pictures --clips --size 8 --out \"$1\"/set");
  EXPECT_THAT(packed.out, HasSubstr("12 images in 1 clips without labels of 8x8"));
  const std::string preview = "\"$0\" data preview array --data \"$1\"/set --out \"$1\"/sheet.png";
  EXPECT_THAT(shell(preview).out, HasSubstr("a clip a row"));
  EXPECT_EQ(shell(preview + " --views frames --views-set gap=5").code, 0);
  expect_one_line(shell(preview + " --views frames --views-set gap=12"), 2,
                  "[views] kind = \"frames\": gap = 12, and the longest clip has 12 frames");
}

TEST_F(OwnPictures, AreLearntFromProbedAndEmbedded) {
  write_pictures();
  const std::string changes =
      R"(--data "$1/pictures" --set data.pretrain=folder --set data.probe=folder --set data.resize=16 )"
      R"(--set data.images=0 --set data.probe_images=0 --set data.test_images=0 --set train.batch=4 --set views.kind=deform)";
  const Outcome ran = shell(R"(XDG_CACHE_HOME="$1/cache" "$0" run "$1/small.toml" --out "$1/run" )" + changes);
  ASSERT_EQ(ran.code, 0) << ran.error << ran.out;
  const Outcome embedded =
      shell(R"(XDG_CACHE_HOME="$1/cache" "$0" embed "$1/run" --out "$1/f.npy" --data "$1/pictures")");
  EXPECT_EQ(embedded.code, 0) << embedded.error;
  EXPECT_TRUE(std::filesystem::exists(in("f_labels.npy")));
}

TEST_F(OwnPictures, WithoutLabelsArePretrainedOnAndEmbedded) {
  for (int i = 0; i < 6; ++i) write(std::to_string(i) + ".jpg", jpeg_bytes(quarters(20 + i, 30)));
  const std::string start = R"(XDG_CACHE_HOME="$1/cache" "$0" )";
  const std::string changes =
      R"( --data "$1/pictures" --set data.pretrain=folder --set data.probe=folder --set data.resize=16 )"
      R"(--set data.images=0 --set data.probe_images=0 --set data.test_images=0 --set train.batch=4 --set views.kind=deform)";
  expect_one_line(shell(start + R"(run "$1/small.toml" --out "$1/run")" + changes), 3,
                  "the train images of folder have no labels");
  const Outcome ran = shell(start + R"(pretrain "$1/small.toml" --out "$1/run")" + changes);
  ASSERT_EQ(ran.code, 0) << ran.error;
  expect_one_line(shell(start + R"(embed "$1/run" --out "$1/f.npy" --data "$1/pictures")"), 3,
                  "--split train embeds the training images");
  const Outcome embedded = shell(start + R"(embed "$1/run" --split train --out "$1/f.npy" --data "$1/pictures")");
  EXPECT_EQ(embedded.code, 0) << embedded.error;
  EXPECT_THAT(embedded.out, HasSubstr("6 images, which have no labels"));
  EXPECT_FALSE(std::filesystem::exists(in("f_labels.npy")));
  const Outcome info = shell(start + R"(data info folder --size 8 --data "$1/pictures")");
  EXPECT_THAT(info.out, AllOf(HasSubstr("6 images of 8x8x3, no labels"), HasSubstr("folder test: none; ")));
}

}  // namespace
}  // namespace biossl
