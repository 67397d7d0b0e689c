#include <algorithm>

#include "biossl/backend/cpu/scratch.h"
#include "biossl/backend/cpu/winograd.h"
#include "biossl/backend/cpu/winograd_input.h"
#include "biossl/backend/cpu/winograd_tiles.h"
#include "biossl/core/parallel.h"

// A thread takes some tiles, transforms all channels of their inputs, and then takes a few output channels at a time:
// the transforms of their errors, and 36 matrix products that are added to the thread's sums.
namespace biossl::cpu::BIOSSL_LEVEL {
namespace winograd {
namespace {

constexpr std::int64_t most_sum_bytes = 6 << 20;  // per thread
constexpr std::int64_t error_tiles = 2 * group;   // whose errors are transformed before they are used

/// Inputs of a matrix product: 16 sums of 32 registers, or 8 of 16.
constexpr int inputs_of(int columns) { return lane_count / columns; }

/// sums (rows, width) += the sum over `groups` groups of tiles of inputs (tiles, rows)^T errors (tiles, width).
template <int columns>
[[gnu::noinline]] void add_products(const float* inputs, std::int64_t channels, const float* errors,
                                    std::int64_t groups, float* sums) {
  constexpr int rows = inputs_of(columns);
  constexpr std::int64_t width = columns * lane_count;
  Lanes sum[rows][columns];
#pragma GCC unroll 16
  for (int r = 0; r < rows; ++r) {
#pragma GCC unroll 4
    for (int c = 0; c < columns; ++c) sum[r][c] = load_lanes(sums + r * width + c * lane_count);
  }
  for (std::int64_t g = 0; g < groups; ++g) {
    const float* input = inputs + g * elements * Transforms::plane_of(channels);
    const float* error = errors + g * elements * Transforms::plane_of(width);
    for (std::int64_t t = 0; t < group; ++t, input += channels, error += width) {
      Lanes e[columns];
#pragma GCC unroll 4
      for (int c = 0; c < columns; ++c) e[c] = load_lanes(error + c * lane_count);
#pragma GCC unroll 16
      for (int r = 0; r < rows; ++r) {
        const Lanes factor = same_lanes(input[r]);
#pragma GCC unroll 4
        for (int c = 0; c < columns; ++c) sum[r][c] += factor * e[c];
      }
    }
  }
#pragma GCC unroll 16
  for (int r = 0; r < rows; ++r) {
#pragma GCC unroll 4
    for (int c = 0; c < columns; ++c) store_lanes(sum[r][c], sums + r * width + c * lane_count);
  }
}

/// An update of which each thread makes a part, in the space of the transforms: (O / width, 36, I, width).
template <int columns, class Errors>
class Update {
 public:
  static constexpr std::int64_t width = columns * lane_count;

  Update(const Extents& at, const MapInput& src, const Errors& errors) : at_(at), src_(src), errors_(errors) {}

  /// Numbers of memory that run() needs.
  std::int64_t scratch() const {
    return Transforms::size(most_tiles(), at_.inputs) + Transforms::size(error_tiles, width);
  }

  /// sums = the products of tiles [begin, end).
  void run(std::int64_t begin, std::int64_t end, float* scratch, float* sums) const {
    const Transforms inputs{scratch, at_.inputs};
    const Transforms errors{scratch + Transforms::size(most_tiles(), at_.inputs), width};
    std::fill_n(sums, at_.weights(), 0.0F);
    for (std::int64_t first = begin; first < end; first += most_tiles()) {
      const std::int64_t tiles = std::min(most_tiles(), end - first);
      for (std::int64_t t = 0; t < tiles; ++t) {
        transform_inputs(src_, at_, first + t, inputs.planes_of(t));
      }
      inputs.clear(tiles, groups_of(tiles) * group);
      for (std::int64_t output = 0; output < at_.outputs; output += width) {
        add(inputs, first, tiles, output, errors, sums + output * elements * at_.inputs);
      }
    }
  }

 private:
  std::int64_t most_tiles() const {
    const std::int64_t bytes = Transforms::size(error_tiles, at_.inputs) * std::int64_t{sizeof(float)};
    return std::max<std::int64_t>(scratch_bytes / bytes, 1) * error_tiles;
  }

  /// Adds the products of `tiles` tiles from `first` on and `width` outputs from `output` on.
  void add(const Transforms& inputs, std::int64_t first, std::int64_t tiles, std::int64_t output,
           const Transforms& errors, float* sums) const {
    for (std::int64_t from = 0; from < tiles; from += error_tiles) {
      const std::int64_t count = std::min(error_tiles, tiles - from);
      for (std::int64_t t = 0; t < count; ++t) {
        errors_.template transform<tile>([](const Column<tile>& y) { return transform_error(y); }, at_,
                                         {at_.outputs, output, output + width}, place_of(at_, first + from + t),
                                         errors.planes_of(t));
      }
      errors.clear(count, groups_of(count) * group);
      for (int element = 0; element < elements; ++element) {
        const float* input = inputs.of(from) + element * inputs.plane();
        for (std::int64_t i = 0; i < at_.inputs; i += inputs_of(columns)) {
          add_products<columns>(input + i, at_.inputs, errors.of(0) + element * errors.plane(), groups_of(count),
                                sums + (element * at_.inputs + i) * width);
        }
      }
    }
  }

  Extents at_;
  MapInput src_;
  Errors errors_;
};

/// d_weights (O, 3, 3, I) = G^T [the sum of `parts` parts] G.
void transform_sums(const float* sums, std::int64_t parts, const Extents& at, std::int64_t width, Tensor& d_weights) {
  constexpr int taps = kernel * kernel;
  parallel_for(at.outputs / lane_count, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t o = begin * lane_count; o < end * lane_count; o += lane_count) {
      const float* chunk = sums + o / width * width * elements * at.inputs + o % width;
      for (std::int64_t i = 0; i < at.inputs; ++i) {
        float* to = d_weights.data<float>() + o * taps * at.inputs + i;
        transform_square<span, kernel>(
            transform_update,
            [&](int y, int x) {
              const float* first = chunk + ((y * span + x) * at.inputs + i) * width;
              Lanes sum = load_lanes(first);
              for (std::int64_t part = 1; part < parts; ++part) sum += load_lanes(first + part * at.weights());
              return sum;
            },
            [&](int y, int x, const Lanes& lanes) {
              for (std::int64_t lane = 0; lane < lane_count; ++lane) {
                to[(lane * taps + y * kernel + x) * at.inputs] = lanes[lane];
              }
            });
      }
    }
  });
}

/// Kept from call to call.
struct Memory {
  float* scratch;
  float* sums;

  Memory(std::int64_t scratch_floats, std::int64_t sum_floats) {
    thread_local Tensor scratch_memory, sums_memory;
    scratch = grown(scratch_memory, scratch_floats);
    sums = grown(sums_memory, sum_floats);
  }
};

template <class Errors>
void update(const Extents& at, const MapInput& src, const Errors& errors, Tensor& d_weights) {
  with_columns(at.outputs, [&](auto columns) {
    using OfWidth = Update<columns(), Errors>;
    const OfWidth all(at, src, errors);
    const Memory memory(workers_of(at) * all.scratch(), workers_of(at) * at.weights());
    for_each_piece(at, [&](std::int64_t piece, std::int64_t begin, std::int64_t end) {
      all.run(begin, end, memory.scratch + piece * all.scratch(), memory.sums + piece * at.weights());
    });
    transform_sums(memory.sums, workers_of(at), at, OfWidth::width, d_weights);
  });
}

}  // namespace
}  // namespace winograd

bool suits_winograd_update(const Tensor& src, const Conv2d& conv, const Tensor& d_dst) {
  const std::int64_t bytes = winograd::Extents(src, d_dst, src).weights() * std::int64_t{sizeof(float)};
  return suits_winograd(src, conv, d_dst, src) && bytes <= winograd::most_sum_bytes;
}

void update_by_winograd(const Tensor& src, const Tensor& d_dst, Tensor& d_weights) {
  const winograd::Extents at(src, d_dst, src);
  const float* zero = zeros(std::max(at.inputs, at.outputs));
  winograd::update(at, {src.data<float>(), zero}, winograd::MapInput{d_dst.data<float>(), zero}, d_weights);
}

void update_by_winograd(const Tensor& src, const PooledError& error, Tensor& d_weights) {
  const winograd::Extents at(src, error.values, src);
  const winograd::MaximaInput errors{error.values.data<float>(), error.argmax.data<std::uint8_t>()};
  winograd::update(at, {src.data<float>(), zeros(at.inputs)}, errors, d_weights);
}

}  // namespace biossl::cpu::BIOSSL_LEVEL
