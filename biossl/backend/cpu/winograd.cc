#include "biossl/backend/cpu/winograd.h"

#include <algorithm>

#include "biossl/backend/cpu/layer_recorder.h"
#include "biossl/backend/cpu/packed_weights.h"
#include "biossl/backend/cpu/scratch.h"
#include "biossl/backend/cpu/winograd_input.h"
#include "biossl/backend/cpu/winograd_output.h"
#include "biossl/backend/cpu/winograd_tiles.h"
#include "biossl/core/parallel.h"

// A thread takes some tiles, transforms all channels of their inputs, and then makes a few output channels at a time:
// their 36 matrix products and the transform back. Both intermediate results stay in the L2 cache.
namespace biossl::cpu::BIOSSL_LEVEL {
namespace winograd {
namespace {

constexpr std::int64_t fewest_channels = 16;  // below, the transforms cost more than they save
constexpr std::int64_t most_weight_bytes = 16 << 20;
constexpr std::int64_t fewest_groups = 4;  // of tiles that are worked on together

/// Tiles of a matrix product: 24 sums of 32 registers, or 12 of 16.
constexpr int rows_of(int columns) { return lane_count == 16 && columns < 4 ? 12 : 6; }

/// Transforms kernels of (O, 3, 3, I) to (O / width, 36, I, width), with O and I the outputs and inputs of the pass.
void transform_weights(const Tensor& weights, ConvolutionPass pass, const Extents& at, std::int64_t width, float* to) {
  const bool forward = pass == ConvolutionPass::forward;
  const std::int64_t row = (forward ? at.inputs : at.outputs);
  const std::int64_t by_input = forward ? 1 : kernel * kernel * row;
  const std::int64_t by_output = forward ? kernel * kernel * row : 1;
  const float* values = weights.data<float>();
  parallel_for(at.outputs / lane_count, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t o = begin * lane_count; o < end * lane_count; o += lane_count) {
      float* chunk = to + o / width * width * elements * at.inputs + o % width;
      for (std::int64_t i = 0; i < at.inputs; ++i) {
        const float* first = values + o * by_output + i * by_input;
        transform_square<kernel, span>(
            transform_kernel,
            [&](int y, int x) {
              const int tap = y * kernel + x;
              const float* weight = first + (forward ? tap : kernel * kernel - 1 - tap) * row;
              Lanes lanes;
              for (std::int64_t lane = 0; lane < lane_count; ++lane) lanes[lane] = weight[lane * by_output];
              return lanes;
            },
            [&](int y, int x, const Lanes& lanes) {
              store_lanes(lanes, chunk + ((y * span + x) * at.inputs + i) * width);
            });
      }
    }
  });
}

const float* transformed(const Weights& weights, ConvolutionPass pass, const Extents& at, std::int64_t width) {
  WeightCopy& copy = packed_weights(weights).winograd[static_cast<std::size_t>(pass)];
  float* to = grown(copy.buffer, at.weights());
  if (copy.version != weights.version()) transform_weights(weights.values(), pass, at, width, to);
  copy.version = weights.version();
  return to;
}

/// products (rows, width) = inputs (rows, count) weights (count, width). A function of its own, because its registers
/// are.
template <int columns>
[[gnu::noinline]] void multiply(const float* inputs, const float* weights, std::int64_t count, float* products) {
  constexpr int rows = rows_of(columns);
  constexpr std::int64_t width = columns * lane_count;
  Lanes sums[rows][columns] = {};
  for (const float* end = inputs + count; inputs != end; ++inputs, weights += width) {
    Lanes weight[columns];
#pragma GCC unroll 4
    for (int c = 0; c < columns; ++c) weight[c] = load_lanes(weights + c * lane_count);
#pragma GCC unroll 12
    for (int r = 0; r < rows; ++r) {
      const Lanes input = same_lanes(inputs[r * count]);
#pragma GCC unroll 4
      for (int c = 0; c < columns; ++c) sums[r][c] += input * weight[c];
    }
  }
#pragma GCC unroll 12
  for (int r = 0; r < rows; ++r) {
#pragma GCC unroll 4
    for (int c = 0; c < columns; ++c) store_lanes(sums[r][c], products + r * width + c * lane_count);
  }
}

/// A convolution whose outputs are made `columns` registers at a time; which is also how many are transformed
/// back at a time.
template <int columns, class Input, class Output>
class Convolution {
 public:
  static constexpr std::int64_t width = columns * lane_count;

  /// weights: transform_weights()
  Convolution(const Extents& at, const Input& from, const float* weights, const Tensor& bias, const Output& to)
      : at_(at), from_(from), weights_(weights), bias_(bias.empty() ? nullptr : bias.data<float>()), to_(to) {}

  /// Numbers of memory that run() needs.
  std::int64_t scratch() const {
    return Transforms::size(most_tiles(), at_.inputs) + Transforms::size(most_tiles(), width);
  }

  /// The tiles that a queue hands out.
  void run(TileQueue& queue, float* scratch) const {
    const Transforms inputs{scratch, at_.inputs};
    const Transforms products{scratch + Transforms::size(most_tiles(), at_.inputs), width};
    for (TileRange tiles = queue.take(most_tiles()); tiles.count() > 0; tiles = queue.take(most_tiles())) {
      for (std::int64_t t = 0; t < tiles.count(); ++t) {
        transform_inputs(from_, at_, tiles.begin + t, inputs.planes_of(t));
      }
      inputs.clear(tiles.count(), groups_of(tiles.count()) * group);
      for (std::int64_t output = 0; output < at_.outputs; output += width) {
        multiply_all(inputs, tiles.count(), weights_ + output * elements * at_.inputs, products);
        for (std::int64_t t = 0; t < tiles.count(); ++t) write(tiles.begin + t, output, products.planes_of(t));
      }
    }
  }

 private:
  /// Tiles that are worked on together; all weights are read for them once.
  std::int64_t most_tiles() const {
    const std::int64_t bytes = Transforms::size(group, at_.inputs + width) * std::int64_t{sizeof(float)};
    return std::max<std::int64_t>(scratch_bytes / bytes, fewest_groups) * group;
  }

  void multiply_all(const Transforms& inputs, std::int64_t tiles, const float* weights,
                    const Transforms& products) const {
    for (int element = 0; element < elements; ++element) {
      const float* matrix = weights + element * at_.inputs * width;
      for (std::int64_t t = 0; t < tiles; t += rows_of(columns)) {
        multiply<columns>(inputs.of(t) + element * inputs.plane(), matrix, at_.inputs,
                          products.of(t) + element * products.plane());
      }
    }
  }

  void write(std::int64_t number, std::int64_t output, const Planes& products) const {
    const Place place = place_of(at_, number);
    for (std::int64_t c = 0; c < width; c += lane_count) {
      const Lanes bias = bias_ == nullptr ? Lanes{} : load_lanes(bias_ + output + c);
      Sums sums;
      transform_square<span, tile>(
          transform_output, [&](int y, int x) { return load_lanes(products.of(y, x) + c); },
          [&](int y, int x, const Lanes& lanes) { sums[y][x] = lanes + bias; });
      to_.store(at_, place, output + c, sums);
    }
  }

  Extents at_;
  Input from_;
  const float* weights_;
  const float* bias_;
  Output to_;
};

float* scratch_memory(std::int64_t floats) {
  thread_local Tensor memory;
  return grown(memory, floats);
}

template <class Input, class Output>
void convolve(const Extents& at, const Input& from, const Weights& weights, ConvolutionPass pass, const Tensor& bias,
              const Output& to) {
  with_columns(at.outputs, [&](auto columns) {
    using OfWidth = Convolution<columns(), Input, Output>;
    const OfWidth all(at, from, transformed(weights, pass, at, OfWidth::width), bias, to);
    const std::int64_t workers = workers_of(at);
    float* scratch = scratch_memory(workers * all.scratch());
    TileQueue queue(at);
    parallel_for(workers, 1, [&](std::int64_t first, std::int64_t last) {
      for (std::int64_t worker = first; worker < last; ++worker) all.run(queue, scratch + worker * all.scratch());
    });
  });
}

}  // namespace
}  // namespace winograd

bool suits_winograd(const Tensor& from, const Conv2d& conv, const Tensor& to, const Tensor& map) {
  const winograd::Extents at(from, to, map);
  const std::int64_t computed = at.down() * at.across() * winograd::tile * winograd::tile;
  return conv == Conv2d{3, 1, 1} && std::min(at.inputs, at.outputs) >= winograd::fewest_channels &&
         at.inputs % lane_count == 0 && at.outputs % lane_count == 0 &&
         at.weights() * std::int64_t{sizeof(float)} <= winograd::most_weight_bytes &&
         2 * computed <= 3 * at.height * at.width && map.dtype() == DType::float32 && !LayerRecorder::recording();
}

void convolve_by_winograd(const Tensor& from, const Weights& weights, ConvolutionPass pass, const Tensor& bias,
                          Activation activation, Tensor& to) {
  const winograd::Extents at(from, to, from);
  winograd::convolve(at, winograd::MapInput{from.data<float>(), zeros(at.inputs)}, weights, pass, bias,
                     winograd::MapOutput{to.data<float>(), activation});
}

void convolve_and_pool_by_winograd(const Tensor& src, const Weights& weights, const Tensor& bias, Activation activation,
                                   Tensor& dst, Tensor& argmax) {
  const winograd::Extents at(src, dst, src);
  winograd::convolve(at, winograd::MapInput{src.data<float>(), zeros(at.inputs)}, weights, ConvolutionPass::forward,
                     bias, winograd::MaximaOutput{dst.data<float>(), argmax.data<std::uint8_t>(), activation});
}

void send_back_by_winograd(const PooledError& error, const Weights& weights, Tensor& d_src) {
  const winograd::Extents at(error.values, d_src, d_src);
  winograd::convolve(at, winograd::MaximaInput{error.values.data<float>(), error.argmax.data<std::uint8_t>()}, weights,
                     ConvolutionPass::backward_data, {}, winograd::MapOutput{d_src.data<float>(), Activation::none});
}

}  // namespace biossl::cpu::BIOSSL_LEVEL
