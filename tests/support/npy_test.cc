#include "tests/support/npy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "biossl/core/error.h"

namespace biossl::testing {
namespace {

std::string file_of(const std::string& header, const std::vector<float>& values) {
  std::string bytes("\x93NUMPY\x01\x00", 8);
  bytes += static_cast<char>(header.size() & 0xff);
  bytes += static_cast<char>(header.size() >> 8);
  bytes += header;
  bytes.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float));
  return bytes;
}

const std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }\n";

TEST(Npy, ReadsAnArray) {
  const Array array = parse_npy(file_of(header, {1, 2, 3, 4, 5, 6}), "test");
  EXPECT_EQ(array.shape, (std::vector<std::int64_t>{2, 3}));
  EXPECT_THAT(array.values, ::testing::ElementsAre(1, 2, 3, 4, 5, 6));
  const Array row = parse_npy(file_of("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }", {7}), "test");
  EXPECT_EQ(row.shape, (std::vector<std::int64_t>{1}));
}

TEST(Npy, RefusesMalformedFiles) {
  const std::string whole = file_of(header, {1, 2, 3, 4, 5, 6});
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_THROW(parse_npy(whole.substr(0, size), "test"), BadInput) << size << " bytes";
  }
  EXPECT_THROW(parse_npy(whole + "x", "test"), BadInput);
  for (const char* wrong :
       {"{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }",
        "{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2, -3), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': 6, }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (x,), }", "{'descr': '<f4', 'fortran_order': False, }"}) {
    EXPECT_THROW(parse_npy(file_of(wrong, {1, 2, 3, 4, 5, 6}), "test"), BadInput) << wrong;
  }
}

}  // namespace
}  // namespace biossl::testing
