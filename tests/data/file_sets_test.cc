// The data sets "array", "idx" and "stl10": valid, cut short, too long, mislabelled and random files.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>

#include "biossl/core/atomic_file.h"
#include "biossl/data/file_dataset.h"
#include "biossl/data/summary.h"
#include "tests/support/data_files.h"
#include "tests/support/message_of.h"
#include "tests/support/temporary_folder.h"

namespace biossl {
namespace {

using testing::all_bytes;
using ::testing::AllOf;
using ::testing::ElementsAre;
using testing::gzipped;
using ::testing::HasSubstr;
using testing::message_of;
using testing::mutate;
using testing::noise;
using testing::npy_bytes;
using testing::raw;
using testing::TemporaryFolder;
using testing::zip_bytes;

class FileSetTest : public ::testing::Test {
 protected:
  std::filesystem::path file(const std::string& name) const { return folder_.path() / name; }
  void write(const std::string& name, const std::string& bytes) const {
    std::filesystem::create_directories(file(name).parent_path());
    write_file(file(name), bytes);
  }
  std::unique_ptr<Dataset> open(const char* name, const Settings& settings = {}, Split split = Split::train) const {
    return open_dataset(name, request(split), settings);
  }
  DatasetRequest request(Split split = Split::train) const { return {.split = split, .directory = folder_.path()}; }
  std::string fault(const char* name, const Settings& settings = {}, Split split = Split::train) const {
    return message_of<BadInput>([&] { all_bytes(*open(name, settings, split)); });
  }
  static std::vector<std::uint8_t> bytes_of(const std::string& text) { return {text.begin(), text.end()}; }

  TemporaryFolder folder_;
};

class ArrayTest : public FileSetTest {
 protected:
  static std::string images(std::int64_t count = 5) {
    return npy_bytes("|u1", fmt::format("({}, 4, 6, 3)", count), noise(static_cast<std::size_t>(count) * 72));
  }
  static std::string labels(const std::vector<std::int64_t>& labels = {0, 1, 2, 1, 0}) {
    return npy_bytes("<i8", fmt::format("({},)", labels.size()), raw(labels));
  }
};

TEST_F(ArrayTest, ReadsAFolderWithLabelsAndNames) {
  write("images.npy", images());
  write("labels.npy", labels());
  write("names.txt", "cat\ndog\nowl\n");
  const auto set = open("array");
  EXPECT_EQ(set->size(), 5);
  EXPECT_EQ(set->image_shape(), Shape({4, 6, 3}));
  EXPECT_TRUE(set->is_resident());
  EXPECT_THAT(set->labels(), ElementsAre(0, 1, 2, 1, 0));
  EXPECT_THAT(set->class_names(), ElementsAre("cat", "dog", "owl"));
  EXPECT_EQ(all_bytes(*set), bytes_of(noise(360)));
  EXPECT_EQ(summarize(*set).class_sizes, std::vector<std::int64_t>({2, 2, 1}));
  EXPECT_THROW(open("array", {}, Split::test), MissingSplit);
}

TEST_F(ArrayTest, NamesLoseLineEndsOfWindowsAndControlCharacters) {
  write("images.npy", images());
  write("labels.npy", labels());
  write("names.txt", "cat\r\n \r\n\x1b[31mdog\t\r\n  barn\towl \xff\r\n");
  EXPECT_THAT(open("array")->class_names(), ElementsAre("cat", "?[31mdog", "barn?owl \xEF\xBF\xBD"));
}

TEST_F(ArrayTest, PipesAreNotWaitedFor) {
  ASSERT_EQ(mkfifo(file("images.npy").c_str(), 0600), 0);
  EXPECT_THAT(fault("array"), HasSubstr("images.npy: is a pipe or a device; save it as a file first"));
  std::filesystem::remove(file("images.npy"));
  write("images.npy", images());
  write("labels.npy", labels());
  ASSERT_EQ(mkfifo(file("names.txt").c_str(), 0600), 0);
  EXPECT_THAT(fault("array"), HasSubstr("names.txt: is a pipe or a device"));
}

TEST_F(ArrayTest, IsTheSameFromMemoryAndFromItsFile) {
  write("images.npy", images());
  for (const std::int64_t resize : {0, 3}) {
    DatasetRequest wanted = request();
    wanted.resize = resize;
    const auto resident = open_dataset("array", wanted);
    wanted.memory = 1;
    const auto streamed = open_dataset("array", wanted);
    EXPECT_TRUE(resident->is_resident());
    EXPECT_FALSE(streamed->is_resident());
    EXPECT_EQ(all_bytes(*resident), all_bytes(*streamed));
    EXPECT_THROW(streamed->pixels(), std::invalid_argument);
    std::uint8_t nowhere = 0;
    EXPECT_THROW(streamed->fetch(std::vector<std::int32_t>{5}, &nowhere), std::invalid_argument);
  }
}

TEST_F(ArrayTest, ReadsSplitsOfAPackedFolder) {
  write("train/images.npy", images(5));
  write("train/labels.npy", labels());
  write("test/images.npy", images(2));
  write("test/labels.npy", labels({2, 0}));
  EXPECT_EQ(open("array")->size(), 5);
  EXPECT_THAT(open("array", {}, Split::test)->labels(), ElementsAre(2, 0));
}

TEST_F(ArrayTest, ReadsGreyAndRealAndManyChannels) {
  write("grey.npy", npy_bytes("|u1", "(2, 3, 5)", noise(30)));
  EXPECT_EQ(open("array", {{"path", "grey.npy"}})->image_shape(), Shape({3, 5, 1}));
  write("real.npy", npy_bytes("<f4", "(1, 1, 4, 1)", raw<float>({0.0F, 1.0F, 0.5F, 0.002F})));
  EXPECT_THAT(all_bytes(*open("array", {{"path", "real.npy"}})), ElementsAre(0, 255, 128, 1));
  write("double.npy", npy_bytes("<f8", "(1, 1, 2, 1)", raw<double>({0.25, 1})));
  EXPECT_THAT(all_bytes(*open("array", {{"path", "double.npy"}})), ElementsAre(64, 255));
  write("many.npy", npy_bytes("|u1", "(2, 2, 2, 16)", noise(128)));
  EXPECT_EQ(open("array", {{"path", "many.npy"}})->image_shape(), Shape({2, 2, 16}));
}

TEST_F(ArrayTest, FindsLabelsBesideOrWhereTheyAreNamed) {
  write("a.npy", images(2));
  EXPECT_FALSE(open("array", {{"path", "a.npy"}})->is_labelled());
  write("labels.npy", npy_bytes("|u1", "(2, 1)", raw<std::uint8_t>({7, 3})));
  EXPECT_THAT(open("array", {{"path", "a.npy"}})->labels(), ElementsAre(7, 3));
  EXPECT_EQ(open("array", {{"path", "a.npy"}})->class_names().size(), 8U);
  write("a_labels.npy", npy_bytes("<i4", "(2,)", raw<std::int32_t>({1, 0})));
  EXPECT_THAT(open("array", {{"path", "a.npy"}})->labels(), ElementsAre(1, 0));
  write("other.npy", npy_bytes("<u2", "(2,)", raw<std::uint16_t>({0, 1})));
  EXPECT_THAT(open("array", {{"path", "a.npy"}, {"labels", "other.npy"}})->labels(), ElementsAre(0, 1));
  EXPECT_THROW(open("array", {{"path", "a.npy"}}, Split::test), MissingSplit);
  EXPECT_EQ(open("array", {{"path", "a.npy"}, {"test", file("a.npy").string()}}, Split::test)->size(), 2);
}

TEST_F(ArrayTest, ReadsNpzAsItIsWrittenByNumPyKerasAndMedMnist) {
  for (const bool deflated : {false, true}) {
    for (const auto& [train, train_labels, test] :
         {std::tuple{"x_train", "y_train", "x_test"}, {"train_images", "train_labels", "test_images"}}) {
      write("set.npz", zip_bytes({{fmt::format("{}.npy", train), images(), deflated, true},
                                  {fmt::format("{}.npy", train_labels), labels(), deflated},
                                  {fmt::format("{}.npy", test), images(2), deflated}}));
      const auto set = open("array", {{"path", "set.npz"}});
      EXPECT_EQ(all_bytes(*set), bytes_of(noise(360)));
      EXPECT_EQ(set->labels().size(), 5U);
      EXPECT_EQ(open("array", {{"path", "set.npz"}}, Split::test)->size(), 2);
    }
  }
  write("set.npz", zip_bytes({{"two\nlines.npy", images()}}));
  EXPECT_THAT(fault("array", {{"path", "set.npz"}}), HasSubstr("it holds two?lines.npy"));
  write("set.npz", zip_bytes({{"arr_0.npy", images()}}));
  EXPECT_THAT(fault("array", {{"path", "set.npz"}}), AllOf(HasSubstr("set.npz: has no images"), HasSubstr("arr_0")));
}

TEST_F(ArrayTest, ResizesWithoutAliasingAndKeepsTheMiddle) {
  // Stripes one pixel wide become grey; left and right of the middle square there is something else.
  std::string stripes;
  for (int y = 0; y < 8; ++y) {
    for (int x = 0; x < 16; ++x) stripes += static_cast<char>(x < 3 || x >= 13 ? 0 : x % 2 == 0 ? 255 : 0);
  }
  write("images.npy", npy_bytes("|u1", "(1, 8, 16)", stripes));
  DatasetRequest wanted = request();
  wanted.resize = 2;
  const auto set = open_dataset("array", wanted);
  EXPECT_EQ(set->image_shape(), Shape({2, 2, 1}));
  for (const std::uint8_t pixel : all_bytes(*set)) EXPECT_NEAR(pixel, 128, 26);
  wanted.resize = 64;  // larger: each image keeps its range
  EXPECT_EQ(open_dataset("array", wanted)->image_shape(), Shape({64, 64, 1}));
}

TEST_F(ArrayTest, SaysWhatIsWrong) {
  const auto says = [&](const std::string& bytes, const std::string& text) {
    write("images.npy", bytes);
    EXPECT_THAT(fault("array"), AllOf(HasSubstr("images.npy"), HasSubstr(text)));
  };
  says(images().substr(0, 200), "is cut short: has 200 bytes of 488");
  says(images() + "x", "is too long: has 489 bytes of 488");
  says(npy_bytes("<f4", "(1, 1, 2)", raw<float>({0.5F, 3.0F})), "image 0 has a value of 3");
  says(npy_bytes("<f4", "(1, 1, 1)", raw<float>({std::nanf("")})), "a value of nan");
  says(npy_bytes("<i8", "(1, 1, 1)", raw<std::int64_t>({1})), "images are uint8");
  says(npy_bytes(">f4", "(1, 1, 1)", "abcd"), "its type '>f4' cannot be read");
  says(npy_bytes("|u1", "(1, 3, 4, 40)", std::string(480, 'x')), "channels; 1 to 16 work, and they come last");
  says(npy_bytes("|u1", "(4, 4)", std::string(16, 'x')), "has the shape (4, 4); images are (N, H, W, C)");
  says(npy_bytes("|u1", "()", "x"), "has the shape (); images are (N, H, W, C)");
  says(npy_bytes("|u1", "(0, 4, 4)", ""), "holds no images");
  says(npy_bytes("|u1", "(4611686018427387904, 4, 4)", ""), "is not possible");
  says("no array at all", "is no .npy file; save the array with numpy.save");
  write("images.npy", images());
  write("labels.npy", labels({0, 1}));
  EXPECT_THAT(fault("array"), AllOf(HasSubstr("labels.npy: has 2 labels for the 5 images"), HasSubstr("images.npy")));
  write("labels.npy", labels({0, 1, -2, 0, 0}));
  EXPECT_THAT(fault("array"), HasSubstr("labels.npy: image 2 has the label -2"));
  write("labels.npy", labels());
  write("names.txt", "cat\ndog\n");
  EXPECT_THAT(fault("array"), HasSubstr("names.txt: has 2 names, and the label 2 needs 3"));
  EXPECT_THAT(message_of<BadInput>([] { open_dataset("array", {}); }), HasSubstr("data.array.path"));
  EXPECT_THAT(fault("array", {{"path", "none.npy"}}), HasSubstr("none.npy: cannot be read"));
}

TEST_F(ArrayTest, RefusesDamagedFilesInOneLine) {
  write("labels.npy", labels());
  write("images.npy", images());
  EXPECT_GT(mutate(file("images.npy"), images(), 400, [&] { all_bytes(*open("array")); }), 150);
  EXPECT_GT(mutate(file("labels.npy"), labels(), 400, [&] { all_bytes(*open("array")); }), 150);
  for (const bool deflated : {false, true}) {
    const std::string npz = zip_bytes({{"images.npy", images(), deflated}, {"labels.npy", labels(), deflated, true}});
    EXPECT_GT(mutate(file("set.npz"), npz, 400, [&] { all_bytes(*open("array", {{"path", "set.npz"}})); }), 150);
  }
}

class IdxTest : public FileSetTest {
 protected:
  static std::string images(char count = 3) {
    std::string bytes("\0\0\x08\x03\0\0\0", 7);
    bytes += count;
    bytes.append("\0\0\0\x04\0\0\0\x05", 8);
    return bytes.append(noise(static_cast<std::size_t>(count) * 20));
  }
  static std::string labels(const std::string& labels = std::string("\x02\x00\x01", 3)) {
    std::string bytes("\0\0\x08\x01\0\0\0", 7);
    bytes += static_cast<char>(labels.size());
    return bytes.append(labels);
  }
};

TEST_F(IdxTest, ReadsPlainAndPackedFilesUnderTheirUsualNames) {
  write("train-images-idx3-ubyte", images());
  write("train-labels-idx1-ubyte", labels());
  write("t10k-images.idx3-ubyte", images(2));
  write("t10k-labels.idx1-ubyte", labels(std::string("\x01\x00", 2)));
  const auto train = open("idx");
  EXPECT_EQ(train->image_shape(), Shape({4, 5, 1}));
  EXPECT_EQ(all_bytes(*train), bytes_of(noise(60)));
  EXPECT_THAT(train->labels(), ElementsAre(2, 0, 1));
  EXPECT_THAT(open("idx", {}, Split::test)->labels(), ElementsAre(1, 0));
  write("packed/emnist-letters-train-images-idx3-ubyte.gz", gzipped(images()));
  write("packed/emnist-letters-train-labels-idx1-ubyte.gz", gzipped(labels()));
  EXPECT_EQ(all_bytes(*open("idx", {{"path", "packed"}})), all_bytes(*train));
  EXPECT_THAT(fault("idx", {{"path", "packed"}}, Split::test), HasSubstr("holds no t10k-images-idx3-ubyte"));
  write("packed/emnist-digits-train-images-idx3-ubyte.gz", gzipped(images()));
  EXPECT_THAT(fault("idx", {{"path", "packed"}}), HasSubstr("several files"));
}

TEST_F(IdxTest, SaysWhatIsWrong) {
  const auto says = [&](const std::string& image_bytes, const std::string& label_bytes, const std::string& text) {
    for (const bool packed : {false, true}) {
      const std::string end = packed ? ".gz" : "";
      std::filesystem::remove(file("train-images-idx3-ubyte"));
      std::filesystem::remove(file("train-labels-idx1-ubyte"));
      write("train-images-idx3-ubyte" + end, packed ? gzipped(image_bytes) : image_bytes);
      write("train-labels-idx1-ubyte" + end, packed ? gzipped(label_bytes) : label_bytes);
      if (packed && text.find("too long") != std::string::npos) continue;
      EXPECT_THAT(fault("idx"), HasSubstr(text));
      std::filesystem::remove(file("train-images-idx3-ubyte.gz"));
      std::filesystem::remove(file("train-labels-idx1-ubyte.gz"));
    }
  };
  says(images().substr(0, 40), labels(), "cut short");
  says(images(), labels().substr(0, 9), "cut short");
  says(images() + "xx", labels(), "too long");
  says(labels(), images(), "begins with 0x00000801, IDX files of images begin with 0x00000803");
  says(images(), labels("ab"), "has 2 labels for 3 images");
}

TEST_F(IdxTest, RefusesDamagedFilesInOneLine) {
  write("train-labels-idx1-ubyte", labels());
  const auto look = [&] { all_bytes(*open("idx")); };
  EXPECT_GT(mutate(file("train-images-idx3-ubyte"), images(), 400, look), 150);
  EXPECT_GT(mutate(file("train-labels-idx1-ubyte"), labels(), 200, look), 50);
  std::filesystem::remove(file("train-images-idx3-ubyte"));
  EXPECT_GT(mutate(file("train-images-idx3-ubyte.gz"), gzipped(images()), 400, look), 150);
}

class StlTest : public FileSetTest {
 protected:
  static constexpr std::size_t image_bytes = 27648;

  void SetUp() override {
    write("stl10_binary/train_X.bin", noise(3 * image_bytes, 1));
    write("stl10_binary/train_y.bin", "\x01\x0a\x03");
    write("stl10_binary/test_X.bin", noise(2 * image_bytes, 2));
    write("stl10_binary/test_y.bin", "\x02\x02");
    write("stl10_binary/unlabeled_X.bin", noise(4 * image_bytes, 3));
    write("stl10_binary/fold_indices.txt", "2 0 \n1 \n");
    write("stl10_binary/class_names.txt", "airplane\nbird\ncar\ncat\ndeer\ndog\nhorse\nmonkey\nship\ntruck\n");
  }
};

TEST_F(StlTest, ReadsItsPartsColumnByColumn) {
  const auto train = open("stl10");
  EXPECT_EQ(train->image_shape(), Shape({96, 96, 3}));
  EXPECT_THAT(train->labels(), ElementsAre(0, 9, 2));
  EXPECT_EQ(train->class_names()[9], "truck");
  const std::vector<std::uint8_t> bytes = all_bytes(*train);
  const std::string file_bytes = noise(3 * image_bytes, 1);
  const auto expected = [&](std::size_t image, std::size_t y, std::size_t x, std::size_t c) {
    return static_cast<std::uint8_t>(file_bytes[image * image_bytes + c * 9216 + x * 96 + y]);
  };
  for (const auto& [image, y, x, c] : {std::array<std::size_t, 4>{0, 0, 1, 0}, {2, 95, 3, 2}, {1, 17, 90, 1}}) {
    EXPECT_EQ(bytes[image * image_bytes + (y * 96 + x) * 3 + c], expected(image, y, x, c));
  }
  EXPECT_EQ(open("stl10", {}, Split::test)->size(), 2);
  const auto unlabelled = open("stl10_unlabelled");
  EXPECT_EQ(unlabelled->size(), 4);
  EXPECT_FALSE(unlabelled->is_labelled());
  EXPECT_THROW(open("stl10_unlabelled", {}, Split::test), MissingSplit);
}

TEST_F(StlTest, ReadsFolds) {
  const auto fold = open("stl10", {{"fold", std::int64_t{0}}});
  EXPECT_THAT(fold->labels(), ElementsAre(2, 0));
  const std::vector<std::uint8_t> all = all_bytes(*open("stl10"));
  const std::vector<std::uint8_t> bytes = all_bytes(*fold);
  EXPECT_TRUE(std::equal(bytes.begin(), bytes.begin() + image_bytes, all.begin() + 2 * image_bytes));
  EXPECT_THAT(open("stl10", {{"fold", std::int64_t{1}}})->labels(), ElementsAre(9));
  EXPECT_THAT(fault("stl10", {{"fold", std::int64_t{5}}}), HasSubstr("has no line 6"));
  write("stl10_binary/fold_indices.txt", "0 3\n");
  EXPECT_THAT(fault("stl10", {{"fold", std::int64_t{0}}}), HasSubstr("numbers from 0 to 2"));
  EXPECT_THROW(open("stl10", {{"fold", std::int64_t{10}}}), std::invalid_argument);
}

TEST_F(StlTest, SaysWhatIsWrong) {
  write("stl10_binary/train_X.bin", noise(2 * image_bytes + 5));
  EXPECT_THAT(fault("stl10"), HasSubstr("are no whole number of images of 27648 bytes"));
  write("stl10_binary/train_X.bin", noise(2 * image_bytes));
  EXPECT_THAT(fault("stl10"), HasSubstr("train_y.bin: has 3 labels for 2 images"));
  write("stl10_binary/train_y.bin", std::string("\x01\x00", 2));
  EXPECT_THAT(fault("stl10"), HasSubstr("train_y.bin: byte 1: label 0 is out of range"));
  std::filesystem::remove(file("stl10_binary/unlabeled_X.bin"));
  EXPECT_THAT(fault("stl10_unlabelled"), HasSubstr("unlabeled_X.bin: is missing"));
}

TEST_F(StlTest, RefusesDamagedFilesInOneLine) {
  const auto look = [&] { all_bytes(*open("stl10", {{"fold", std::int64_t{0}}})); };
  EXPECT_GT(mutate(file("stl10_binary/fold_indices.txt"), "2 0 \n1 \n", 300, look), 100);
  EXPECT_GT(mutate(file("stl10_binary/train_y.bin"), "\x01\x0a\x03", 100, look), 30);
  EXPECT_GT(mutate(file("stl10_binary/train_X.bin"), noise(3 * image_bytes, 1), 40, look), 10);
}

TEST(ImageShape, FollowsResizeForImagesFromFilesOnly) {
  EXPECT_EQ(image_shape("cifar10", {}, 8, 16), Shape({16, 16, 3}));
  EXPECT_EQ(image_shape("stl10", {}, 8), Shape({96, 96, 3}));
  EXPECT_EQ(image_shape("idx", {}, 8, 20), Shape({20, 20, 1}));
  EXPECT_EQ(image_shape("world", {}, 8, 16), Shape({8, 8, 3}));
}

}  // namespace
}  // namespace biossl
