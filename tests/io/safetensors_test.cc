#include "biossl/io/safetensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "biossl/core/atomic_file.h"
#include "biossl/core/error.h"
#include "biossl/core/file.h"
#include "tests/support/message_of.h"
#include "tests/support/temporary_folder.h"

namespace biossl {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::message_of;
using testing::TemporaryFolder;

template <class T>
Tensor counted(const Shape& shape) {
  Tensor tensor(shape, dtype_of<T>::value, Device::reference);
  for (std::int64_t i = 0; i < tensor.size(); ++i) tensor.data<T>()[i] = T(static_cast<float>(i) - 1);
  return tensor;
}

template <>
Tensor counted<std::uint8_t>(const Shape& shape) {
  Tensor tensor(shape, DType::uint8, Device::reference);
  for (std::int64_t i = 0; i < tensor.size(); ++i) tensor.data<std::uint8_t>()[i] = static_cast<std::uint8_t>(i + 250);
  return tensor;
}

std::vector<NamedTensor> one_of_each() {
  return {{"pixels", counted<std::uint8_t>({3})},    {"weights", counted<float>({2, 3, 1, 2})},
          {"halves", counted<bfloat16>({3, 2})},     {"sums", counted<double>({2})},
          {"labels", counted<std::int32_t>({1, 4})}, {"scalar", counted<float>(Shape{})},
          {"empty", counted<float>(Shape{0, 5})}};
}

std::string with_header(const std::string& header, const std::string& data = "") {
  const std::uint64_t length = header.size();
  std::string bytes(8, '\0');
  std::memcpy(bytes.data(), &length, 8);
  return bytes + header + data;
}

TEST(Safetensors, HoldsWhatWasWritten) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "all.safetensors";
  const auto tensors = one_of_each();
  write_safetensors(path, tensors, {{"note", "a \"quoted\" line\nand another, \xc3\xa4"}});
  const SafetensorsFile file(path);
  EXPECT_EQ(file.metadata().at("note"), "a \"quoted\" line\nand another, \xc3\xa4");
  EXPECT_EQ(file.tensors().size(), tensors.size());
  for (const auto& [name, tensor] : tensors) {
    const Tensor read = file.read(name);
    ASSERT_EQ(read.dtype(), tensor.dtype()) << name;
    ASSERT_EQ(read.shape(), tensor.shape()) << name;
    EXPECT_EQ(std::memcmp(read.raw(), tensor.raw(), tensor.bytes()), 0) << name;
  }
  EXPECT_THROW(file.read("nothing"), BadInput);
}

TEST(Safetensors, ANameMayBeUsedOnce) {
  const TemporaryFolder folder;
  const NamedTensor twice{"x", counted<float>({1})};
  EXPECT_THROW(write_safetensors(folder.path() / "x", {twice, twice}, {}), std::invalid_argument);
}

TEST(Safetensors, CutShortAnywhereIsRefused) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "whole.safetensors";
  write_safetensors(path, one_of_each(), {{"a", "b"}});
  const std::string whole = read_file(path);
  const auto cut = folder.path() / "cut.safetensors";
  for (std::size_t length = 0; length < whole.size(); ++length) {
    write_file(cut, whole.substr(0, length));
    try {
      const SafetensorsFile file(cut);
      FAIL() << "cut to " << length << " bytes was accepted";
    } catch (const BadInput& error) {
      EXPECT_THAT(error.what(), HasSubstr("cut.safetensors: byte "));
    }
  }
  write_file(cut, whole + "x");
  EXPECT_THROW(SafetensorsFile{cut}, BadInput);
}

/// Every bit but those of spaces and of the checksum's own name counts.
TEST(Safetensors, AFlippedBitIsRefusedOrChangesNothing) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "flipped.safetensors";
  const std::vector<NamedTensor> tensors{{"x", counted<float>({2, 2})}, {"y", counted<double>({1})}};
  write_safetensors(path, tensors, {{"a", "b"}});
  const std::string whole = read_file(path);
  std::size_t accepted = 0;
  for (std::size_t bit = 0; bit < 8 * whole.size(); ++bit) {
    std::string flipped = whole;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    write_file(path, flipped);
    try {
      const SafetensorsFile file(path);
      ++accepted;
      ASSERT_EQ(file.metadata().at("a"), "b") << bit;
      for (const auto& [name, tensor] : tensors) {
        ASSERT_EQ(std::memcmp(file.read(name).raw(), tensor.raw(), tensor.bytes()), 0) << bit;
      }
    } catch (const BadInput&) {
      // refused in order
    }
  }
  EXPECT_LT(accepted, 100U);
}

TEST(Safetensors, WeightsChangedByAnotherProgramAreReadWithoutAChecksum) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "other.safetensors";
  const std::string header = R"({"__metadata__":{"a":"b"},"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})";
  write_file(path, with_header(header, "abcd"));
  EXPECT_EQ(SafetensorsFile(path).metadata(), (Metadata{{"a", "b"}}));
  write_file(path, with_header(R"({"__metadata__":{"crc32":"00000001"}})"));
  EXPECT_THAT(message_of<BadInput>([&] { SafetensorsFile{path}; }),
              AllOf(HasSubstr("other.safetensors: is damaged"), HasSubstr("drop the text 'crc32'")));
}

TEST(Safetensors, HostileHeadersAreRefused) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "hostile.safetensors";
  const std::string four(4, 'x');
  const std::string nested = std::string(400'000, '[') + std::string(400'000, ']');
  const std::vector<std::pair<std::string, std::string>> files{
      {std::string(8, '\xff'), "byte 0"},
      {with_header("{"), "JSON"},
      {with_header("[]"), "JSON"},
      {with_header(std::string(100000, '[')), "JSON"},
      {with_header(R"({"__metadata__":3})"), "__metadata__"},
      {with_header(R"({"__metadata__":{"a":3}})"), "'a'"},
      {with_header(R"({"x":1})"), "'x'"},
      {with_header(R"({"x":{"dtype":"F16","shape":[2],"data_offsets":[0,4]}})", four), "dtype"},
      {with_header(R"({"x":{"dtype":7,"shape":[1],"data_offsets":[0,4]}})", four), "dtype"},
      {with_header(R"({"x":{"dtype":)" + nested + "}}"), "dtype"},
      {with_header(R"({"x":{"dtype":"F32","shape":)" + nested + "}}"), "shape"},
      {with_header(R"({"x":{"dtype":"F32","shape":[1],"data_offsets":)" + nested + "}}"), "data_offsets"},
      {with_header(R"({"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"x":)" + nested + "}}", four + four),
       "no tensor"},
      {with_header(R"({"x":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}})", four), "shape"},
      {with_header(R"({"x":{"dtype":"F32","shape":[1.0],"data_offsets":[0,4]}})", four), "shape"},
      {with_header(R"({"x":{"dtype":"F32","shape":[1,1,1,1,1],"data_offsets":[0,4]}})", four), "shape"},
      {with_header(R"({"x":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}})"), "shape"},
      {with_header(R"({"x":{"dtype":"F32","shape":[9223372036854775808],"data_offsets":[0,4]}})", four), "shape"},
      {with_header(R"({"x":{"dtype":"F32","shape":[1],"data_offsets":[0]}})", four), "data_offsets"},
      {with_header(R"({"x":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}})", four), "data_offsets"},
      {with_header(R"({"x":{"dtype":"F32","shape":[1],"data_offsets":[0,8]}})", four), "data_offsets"},
      {with_header(R"({"x":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})", four), "cut short"},
      {with_header(R"({"x":{"dtype":"F32","shape":[1],"data_offsets":[18446744073709551612,0]}})", four), "offsets"},
      {with_header(R"({"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},)"
                   R"("y":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})",
                   four),
       "overlaps"},
      {with_header(R"({"x":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})", four + four), "gap"},
      {with_header("{}", four), "no tensor"}};
  for (const auto& [bytes, message] : files) {
    write_file(path, bytes);
    try {
      const SafetensorsFile file(path);
      ADD_FAILURE() << "accepted: " << bytes;
    } catch (const BadInput& error) {
      EXPECT_THAT(error.what(), HasSubstr(message));
      EXPECT_THAT(error.what(), HasSubstr("hostile.safetensors: byte "));
    }
  }
}

}  // namespace
}  // namespace biossl
