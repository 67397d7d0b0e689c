#include "biossl/io/npy.h"

#include <algorithm>

#include "biossl/core/error.h"

namespace biossl {
namespace {

constexpr std::size_t growing_header = 192;

const char* descriptor(DType dtype) {
  switch (dtype) {
    case DType::float32:
      return "<f4";
    case DType::float64:
      return "<f8";
    case DType::int32:
      return "<i4";
    case DType::uint8:
      return "|u1";
    case DType::bfloat16:
      break;
  }
  fail("npy", "NumPy has no type {}", name_of(dtype));
}

/// least: bytes, so that a header of more digits has the same size.
std::string header(DType dtype, const Shape& shape, std::size_t least = 0) {
  std::string extents;
  for (int axis = 0; axis < shape.rank(); ++axis) extents += fmt::format("{},", shape[axis]);
  std::string text =
      fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}), }}", descriptor(dtype), extents);
  constexpr std::size_t prefix = 10;  // magic, version and length
  text.resize((std::max(prefix + text.size() + 1, least) + 63) / 64 * 64 - prefix - 1, ' ');
  text += '\n';
  const std::size_t length = text.size();
  std::string head("\x93NUMPY\x01\x00", 8);
  head += static_cast<char>(length & 0xff);
  head += static_cast<char>(length >> 8);
  return head + text;
}

}  // namespace

NpyWriter::NpyWriter(const std::filesystem::path& path, DType dtype, const Shape& shape)
    : file_(path), dtype_(dtype), missing_(shape.size()) {
  file_.write(header(dtype, shape));
}

NpyWriter NpyWriter::of_rows(const std::filesystem::path& path, DType dtype, const Shape& row) {
  return NpyWriter(path, dtype, row, true);
}

NpyWriter::NpyWriter(const std::filesystem::path& path, DType dtype, const Shape& row, bool /*counts_rows*/)
    : file_(path), dtype_(dtype), missing_(0), row_(row), counts_rows_(true) {
  file_.write(header(dtype, batch_of(0, row), growing_header));
}

void NpyWriter::write(const Tensor& elements) {
  check(elements.dtype() == dtype_ && elements.device() != Device::cuda, "npy", "{} elements on {} do not belong here",
        name_of(elements.dtype()), name_of(elements.device()));
  missing_ -= elements.size();
  file_.write({elements.raw(), elements.bytes()});
}

void NpyWriter::commit() {
  if (counts_rows_) {
    check(missing_ % row_.size() == 0, "npy", "{} elements are no whole number of rows of {}", -missing_, row_.size());
    const std::string start = header(dtype_, batch_of(-missing_ / row_.size(), row_), growing_header);
    file_.replace_start(std::as_bytes(std::span(start.data(), start.size())));
    missing_ = 0;
  }
  check(missing_ == 0, "npy", "{} elements are missing", missing_);
  file_.commit();
}

}  // namespace biossl
