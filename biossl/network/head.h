#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "biossl/core/registry.h"
#include "biossl/core/workspace.h"
#include "biossl/network/block.h"
#include "biossl/network/synapses.h"

namespace biossl {

/// What a head is made on.
struct HeadSetup {
  Shape map;  ///< the block's output, (H, W, C)
  SynapsesSetup synapses;
  std::uint32_t index;           ///< numbers its weights among those of the seed
  int block = 0;                 ///< the block that it stands on
  std::vector<Shape> maps = {};  ///< of every block of the network
  std::int64_t predictions = 1;  ///< that a head which predicts makes of an output

  /// The number of layer k > 0 of a head of several layers.
  std::uint32_t layer_index(std::uint32_t layer) const { return index + 10'000 * layer; }
};

/// Turns a block's output into the embeddings that a loss compares, and the error of the embeddings into the error of
/// that output.
class Head {
 public:
  static constexpr const char* kind = "head";
  /// What is known before a head is made.
  struct Traits {
    /// What it predicts, in place of making an embedding of each view: "a whole map from another". null: nothing. Where
    /// such a head has no options, a recipe may hold those of a linear head, and they change nothing.
    const char* predicts = nullptr;
  };

  virtual ~Head() = default;

  /// Numbers in an embedding.
  virtual std::int64_t features() const = 0;
  virtual std::int64_t parameters() const = 0;  ///< weights and biases
  virtual std::int64_t operations() const = 0;  ///< of one image's forward pass; a head of pairs: of one pair's
  /// In a few words, for a table: "average-pool 2, linear".
  virtual std::string description() const = 0;
  /// False where an embedding is made of a pair of views, so that a single image has none.
  virtual bool embeds_single_images() const { return true; }
  /// Whether an embedding also holds what the head predicts of other patches.
  virtual bool embeds_predictions() const { return false; }

  /// The other blocks whose outputs it reads. They are handed forward to it; no error returns to them.
  virtual std::vector<int> reads_blocks() const { return {}; }
  /// The outputs of these blocks, before each forward. They live until the end of the step.
  virtual void hand_forward(std::span<const Tensor> /*outputs*/) {}

  /// Takes its buffers, for up to `rows` images, from a workspace.
  virtual void prepare(std::int64_t rows, Workspace& workspace) = 0;
  /// activity: a block's output (N, H, W, C) in the compute type; embeddings: (N, features) in the master type.
  virtual void forward(const Tensor& activity, Tensor& embeddings) = 0;
  /// For rows [begin, end) of activity, embeddings and errors: takes the errors of the embeddings, which are used up,
  /// to the head's own layers, and unless error_activity (end - begin, H, W, C) is empty, over their feedback paths to
  /// the block's output. The rows are those of the last forward, in any order within each view. Comes before learn.
  virtual void backward(const Tensor& activity, const Tensor& embeddings, Tensor& errors, std::int64_t begin,
                        std::int64_t end, Tensor& error_activity) = 0;
  /// The layers learn from these rows.
  virtual void learn(const Tensor& activity, std::int64_t begin, std::int64_t end, const UpdateOptions& options) = 0;

  /// Visits the head's layers, under names that begin with `name`.
  virtual void each_layer(const std::string& name, const LayerVisitor& visit) = 0;
  /// Everything that a checkpoint keeps, under names that begin with `name`; by default that of the layers.
  virtual State state(const std::string& name, bool learning);
  virtual void restored();

  /// The first layer's synapses; throws std::invalid_argument where it has none.
  Synapses& synapses();
};

/// Throws std::invalid_argument if the head reads the outputs of other blocks; for rules that do not hand them forward.
void check_reads_no_blocks(const Head& head);

using HeadRegistry = Registry<Head, const HeadSetup&>;

/// How many outputs average-pooling by `window` leaves of a map; throws std::invalid_argument where none.
Shape average_pooled(const Shape& map, std::int64_t window);

/// How an error crosses a mean over positions: error_activity (N, H, W, C) = error (N, 1, 1, C) / (H W) everywhere. On
/// host devices; uses the error up.
void spread_over_positions(Tensor& error, Tensor& error_activity);

}  // namespace biossl
