#include "biossl/rules/inverse.h"

#include <algorithm>
#include <vector>

#include "biossl/core/error.h"
#include "biossl/ops/ops.h"

namespace biossl {
namespace {

/// Weights are keyed by their place: blocks count from 0, heads from 1000, inverses from here.
constexpr std::uint32_t first_inverse = 2000;

/// No error crosses an inverse, so it needs no feedback path of its own.
SynapsesSetup setup_of_inverse(SynapsesSetup setup) {
  setup.feedback = "transpose";
  return setup;
}

/// The axes of a map: 0 its height, 1 its width.
using AxisNumbers = std::vector<int>;

/// Along some axes that have one convolution, the one that leads from the block's output back to its input: the
/// centred one, where it fits.
ConvAxis way_back(const ConvAxis& forward, std::int64_t pool, const BlockPlan& plan, const AxisNumbers& axes) {
  const std::int64_t stride = forward.stride * pool;
  const std::int64_t kernel = std::max({std::int64_t{3}, forward.kernel, stride});
  ConvAxis back{kernel, stride, (kernel - 1) / 2};
  const auto fits = [&](int axis) { return back.output_extent(plan.input[axis]) == plan.output[axis]; };
  for (std::int64_t padding = 0; padding < kernel && !std::ranges::all_of(axes, fits); ++padding) {
    back.padding = padding;
  }
  return back;
}

}  // namespace

Conv2d Inverse::geometry(const ConvolutionBlock& block, int index) {
  const BlockPlan& plan = block.plan();
  const bool square = block.conv().is_square();
  const ConvAxis rows =
      way_back(block.conv().vertical(), block.pool(), plan, square ? AxisNumbers{0, 1} : AxisNumbers{0});
  const ConvAxis columns =
      way_back(block.conv().horizontal(), block.pool(), plan, square ? AxisNumbers{0, 1} : AxisNumbers{1});
  const Conv2d conv{columns.kernel, columns.stride, columns.padding, rows.kernel, rows.stride, rows.padding};
  const bool fits =
      conv.output_height(plan.input[0]) == plan.output[0] && conv.output_width(plan.input[1]) == plan.output[1];
  check(
      fits, "dtp",
      "block {} takes maps of {}x{} to {}x{}, and no padding lets a {}x{} transposed convolution of stride {} lead "
      "back; pool so that the pool divides the map, or choose another size of images",
      index, plan.input[0], plan.input[1], plan.output[0], plan.output[1], rows.kernel, columns.kernel,
      rows.stride == columns.stride ? fmt::to_string(rows.stride) : fmt::format("{}x{}", rows.stride, columns.stride));
  return conv;
}

Inverse::Inverse(const ConvolutionBlock& block, int index, Activation activation, const SynapsesSetup& setup)
    : activation_(activation),
      synapses_(setup_of_inverse(setup), block.plan().output, block.plan().input, geometry(block, index),
                first_inverse + static_cast<std::uint32_t>(index)) {}

void Inverse::pass_down(const Tensor& output, const Tensor& output_difference, Tensor& sums,
                        Tensor& input_difference) const {
  // The sums are linear in their input, so the sums of the difference are the difference of the sums. Taking the
  // difference before rounding keeps the target's digits, and so bfloat16 works.
  synapses_.drive(output, sums);
  synapses_.drive(output_difference, input_difference);
  ops::activation_difference(sums, synapses_.bias(), activation_, input_difference, input_difference);
}

void Inverse::learn(const Tensor& output, const Tensor& input, const UpdateOptions& options, Tensor& error) {
  forward(output, error);
  ops::mean_square_backward(error, input, activation_, error);
  synapses_.learn(output, error, options);
}

}  // namespace biossl
