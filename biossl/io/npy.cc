#include "biossl/io/npy.h"

#include "biossl/core/error.h"

namespace biossl {
namespace {

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

std::string header(DType dtype, const Shape& shape) {
  std::string extents;
  for (int axis = 0; axis < shape.rank(); ++axis) extents += fmt::format("{},", shape[axis]);
  std::string text =
      fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}), }}", descriptor(dtype), extents);
  constexpr std::size_t prefix = 10;  // magic, version and length
  text.resize((prefix + text.size() + 1 + 63) / 64 * 64 - prefix - 1, ' ');
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

void NpyWriter::write(const Tensor& elements) {
  check(elements.dtype() == dtype_ && elements.device() != Device::cuda, "npy", "{} elements on {} do not belong here",
        name_of(elements.dtype()), name_of(elements.device()));
  missing_ -= elements.size();
  file_.write({elements.raw(), elements.bytes()});
}

void NpyWriter::commit() {
  check(missing_ == 0, "npy", "{} elements are missing", missing_);
  file_.commit();
}

}  // namespace biossl
