#pragma once

#include <fmt/format.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "biossl/core/registry.h"
#include "biossl/core/shape.h"
#include "biossl/core/workspace.h"
#include "biossl/network/synapses.h"

namespace biossl {

/// Calls what it visits each layer with: the layer's name ("blocks.0") and its synapses.
using LayerVisitor = std::function<void(const std::string&, Synapses&)>;

/// A map is too small for what a layer does with it. Larger images make it larger, and so does less pooling before.
class MapTooSmall : public std::invalid_argument {
 public:
  using std::invalid_argument::invalid_argument;
};

/// Throws MapTooSmall("[where] text") unless the condition holds.
template <class... Args>
void check_map(bool condition, std::string_view where, fmt::format_string<Args...> text, Args&&... args) {
  if (!condition) throw MapTooSmall(fmt::format("[{}] {}", where, fmt::format(text, std::forward<Args>(args)...)));
}

/// A tensor that a block asks for, of one image.
struct BufferPlan {
  Shape shape;
  bool is_byte = false;  ///< uint8; otherwise of the compute type

  DType type(DType compute) const { return is_byte ? DType::uint8 : compute; }
};

/// What a block is on inputs of a given size.
struct BlockPlan {
  Shape input;   ///< (H, W, C)
  Shape output;  ///< (H', W', C')
  std::int64_t parameters = 0;
  std::int64_t operations = 0;  ///< multiplications and additions of one image's forward pass
  /// What the forward pass has to keep for backward and learn, beside input and output; at most Activity::most_kept.
  std::vector<BufferPlan> kept = {};
  std::int64_t forward_scratch = 0;   ///< numbers of the compute type an image, used within forward
  std::int64_t backward_scratch = 0;  ///< likewise, from backward to the end of learn
  /// True where an image's output depends on the other images of the batch: forward, backward and learn then get whole
  /// batches, and no rows are left out.
  bool needs_whole_batch = false;
};

/// What a block makes of a batch.
struct Activity {
  static constexpr std::size_t most_kept = 8;

  Tensor output;                       ///< (N, H', W', C')
  std::array<Tensor, most_kept> kept;  ///< as BlockPlan::kept asks, with N in front of each shape; empty behind them
  Tensor scratch;                      ///< flat, with room for BlockPlan::forward_scratch of N images

  /// A view of some rows of output and kept.
  Activity rows(std::int64_t begin, std::int64_t end) const;
};

/// One block's part of a step on its way down. All tensors have the same rows.
struct BlockStep {
  Tensor input;
  Activity activity;
  Tensor error;    ///< of the output; backward uses it up and leaves in it what learn needs
  Tensor scratch;  ///< flat, with room for BlockPlan::backward_scratch
};

/// Whether a block computes for a learning step or is only read.
enum class Mode : std::uint8_t { evaluation, training };

/// One stage of the encoder.
class Block {
 public:
  static constexpr const char* kind = "block";

  virtual ~Block() = default;

  virtual const BlockPlan& plan() const = 0;
  /// In a few words, for a table: "3x3 convolution, max-pool 2, hardtanh".
  virtual std::string description() const = 0;
  /// Whether all outputs lie in [-1, 1], so that units may saturate.
  virtual bool has_bounds() const { return false; }
  /// Writes activity.output and activity.kept.
  virtual void forward(const Tensor& input, Activity& activity, Mode mode) const = 0;
  /// Takes the error of the output to the block's own layers, and unless error_input is empty, over their feedback
  /// paths to the input. Comes before learn in every step.
  virtual void backward(BlockStep& step, Tensor& error_input) = 0;
  /// The layers learn from the step that backward has prepared.
  virtual void learn(BlockStep& step, const UpdateOptions& options) = 0;

  /// Visits the block's layers, under names that begin with `name`.
  virtual void each_layer(const std::string& name, const LayerVisitor& visit) = 0;
  /// Everything that a checkpoint keeps, under names that begin with `name`; by default that of the layers.
  virtual State state(const std::string& name, bool learning);
  virtual void restored();

  /// The first layer's synapses.
  Synapses& synapses();
  /// Room for the activity of up to `rows` images.
  Activity make_activity(std::int64_t rows, DType dtype, Device device) const;
  /// Takes room for what the forward pass keeps of up to `rows` images, beside its output, from a workspace.
  void take_kept(std::int64_t rows, DType dtype, Workspace& workspace, Activity& activity) const;
};

/// What a block is made on.
struct BlockSetup {
  Shape input;  ///< (H, W, C)
  SynapsesSetup synapses;
  std::uint32_t index;  ///< numbers its weights among those of the seed; a block of several layers draws them from
                        ///< `layer_index`
  std::string where;    ///< for messages: "network.blocks[2]"

  /// The number of layer k > 0 of a block of several layers.
  std::uint32_t layer_index(std::uint32_t layer) const { return index + 10'000 * layer; }
};

using BlockRegistry = Registry<Block, const BlockSetup&>;

}  // namespace biossl
