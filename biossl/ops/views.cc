#include "biossl/backend/backend.h"
#include "biossl/ops/checks.h"
#include "biossl/ops/dispatch.h"
#include "biossl/ops/ops.h"

namespace biossl::ops {
namespace {

/// Checks that dst holds one row of src for each index in rows.
void check_gathering(std::string_view operation, const Argument& src, const Argument& rows, const Argument& dst) {
  const Checks checks(operation);
  check(src.tensor.shape().rank() >= 1, operation, "{} has no rows", src.name);
  checks.indices(rows, src.tensor.extent(0));
  checks.shape(dst, src.tensor.shape().with_rows(rows.tensor.extent(0)));
}

}  // namespace

void draw_deformations(std::uint64_t seed, std::uint32_t epoch, std::uint32_t view, const Tensor& images,
                       const DeformRange& range, Tensor& parameters) {
  constexpr std::string_view operation = "draw_deformations";
  const Checks checks(operation);
  checks.same_device({{"images", images}, {"parameters", parameters}});
  checks.rank({"images", images}, 1);
  checks.type({"images", images}, DType::int32);
  checks.shape({"parameters", parameters}, {images.extent(0), deform_parameters});
  checks.type({"parameters", parameters}, DType::float32);
  check(range.affine >= 0 && range.affine <= 1, operation, "the probability of an affine map is {}", range.affine);
  check(range.perturb >= 0 && range.saturation >= 0 && range.hue >= 0, operation,
        "the range is perturb {}, saturation {}, hue {}; none may be negative", range.perturb, range.saturation,
        range.hue);
  if (images.size() == 0) return;
  const auto run =
      dispatch(images.device(), reference::draw_deformations, cpu::draw_deformations, cuda::draw_deformations);
  run(seed, epoch, view, images, range, parameters);
}

void deform(const Tensor& pixels, const Tensor& rows, const Tensor& parameters, Tensor& dst) {
  constexpr std::string_view operation = "deform";
  const Checks checks(operation);
  checks.same_device({{"pixels", pixels}, {"rows", rows}, {"parameters", parameters}, {"dst", dst}});
  checks.rank({"pixels", pixels}, 4);
  check(pixels.extent(3) == 3, operation, "pixels have {} channels; colours need 3", pixels.extent(3));
  check(pixels.dtype() == DType::uint8 || pixels.dtype() == DType::float32, operation,
        "pixels are {}, expected uint8 or float32", name_of(pixels.dtype()));
  check_gathering(operation, {"pixels", pixels}, {"rows", rows}, {"dst", dst});
  checks.shape({"parameters", parameters}, {rows.extent(0), deform_parameters});
  checks.type({"parameters", parameters}, DType::float32);
  checks.compute_type({"dst", dst});
  if (dst.size() == 0) return;
  const auto run = dispatch(pixels.device(), reference::deform, cpu::deform, cuda::deform);
  run(pixels, rows, parameters, dst);
}

void unit_range(const Tensor& pixels, const Tensor& rows, Tensor& dst) {
  constexpr std::string_view operation = "unit_range";
  const Checks checks(operation);
  checks.same_device({{"pixels", pixels}, {"rows", rows}, {"dst", dst}});
  checks.type({"pixels", pixels}, DType::uint8);
  check_gathering(operation, {"pixels", pixels}, {"rows", rows}, {"dst", dst});
  checks.compute_type({"dst", dst});
  if (dst.size() == 0) return;
  const auto run = dispatch(pixels.device(), reference::unit_range, cpu::unit_range, cuda::unit_range);
  run(pixels, rows, dst);
}

void gather_rows(const Tensor& src, const Tensor& rows, Tensor& dst) {
  constexpr std::string_view operation = "gather_rows";
  const Checks checks(operation);
  checks.same_device({{"src", src}, {"rows", rows}, {"dst", dst}});
  check_gathering(operation, {"src", src}, {"rows", rows}, {"dst", dst});
  checks.type({"dst", dst}, src.dtype());
  if (dst.size() == 0) return;
  const auto run = dispatch(src.device(), reference::gather_rows, cpu::gather_rows, cuda::gather_rows);
  run(src, rows, dst);
}

void move_rows(const Tensor& from, const Tensor& to, Tensor& tensor) {
  const Checks checks("move_rows");
  checks.same_device({{"from", from}, {"to", to}, {"tensor", tensor}});
  check(tensor.shape().rank() >= 1, "move_rows", "tensor has no rows");
  checks.shape({"to", to}, from.shape());
  for (const Argument& indices : {Argument{"from", from}, Argument{"to", to}}) {
    checks.indices(indices, tensor.extent(0));
  }
  if (from.size() == 0) return;
  const auto run = dispatch(tensor.device(), reference::move_rows, cpu::move_rows, cuda::move_rows);
  run(from, to, tensor);
}

void convert(const Tensor& src, Tensor& dst) {
  const Checks checks("convert");
  checks.same_device({{"src", src}, {"dst", dst}});
  checks.shape({"dst", dst}, src.shape());
  checks.compute_type({"src", src});
  checks.compute_type({"dst", dst});
  if (dst.size() == 0) return;
  const auto run = dispatch(src.device(), reference::convert, cpu::convert, cuda::convert);
  run(src, dst);
}

}  // namespace biossl::ops
