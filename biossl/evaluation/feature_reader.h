#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "biossl/core/patch_grid.h"
#include "biossl/core/progress.h"
#include "biossl/evaluation/shown_images.h"
#include "biossl/network/forward_pass.h"

namespace biossl {

/// Runs images through a frozen encoder, forward only, and hands over the outputs of some blocks batch by batch. Images
/// are shown as the views that the encoder learns from show them. Where these cut images into patches, a block's output
/// is the mean of that for the patches. A data set may show other images in each pass.
class FeatureReader {
 public:
  /// blocks: increasing indices. The data set must outlive the reader. Throws std::invalid_argument if the views make
  /// other images than the network sees.
  FeatureReader(const Network& network, std::vector<int> blocks, const Dataset& dataset,
                const Choice& views = whole_images);
  /// Reads images (N, H, W, C), float32 in [0,1], as they are.
  FeatureReader(const Network& network, std::vector<int> blocks, const Tensor& images);

  /// The largest number of images at a time.
  std::int64_t batch() const { return batch_; }
  /// Calls take(first image, outputs) for every batch of the images, in order.
  /// outputs[k] (n, H', W', C') in the compute type belongs to blocks[k] and is valid until take returns. One pass for
  /// all blocks.
  using Take = std::function<void(std::int64_t first, std::span<const Tensor> outputs)>;
  void read(const Take& take, const Progress& progress = {});

 private:
  /// Begins a pass over the images, `batch` at a time.
  using Show = std::function<std::unique_ptr<ShownImages>(std::int64_t batch)>;

  FeatureReader(const Network& network, std::vector<int> blocks, const PatchGrid& grid, std::int64_t total, Show show);

  /// Of block blocks_[index] for the first images of the batch.
  Tensor output(std::size_t index, std::int64_t images);

  std::vector<int> blocks_;
  const Network& network_;
  PatchGrid grid_;
  std::int64_t total_;
  std::int64_t batch_;
  Show show_;
  ForwardPass pass_;
  std::vector<Activity> kept_;   // outputs of the chosen blocks
  std::vector<Tensor> means_;    // over the patches; empty where images are whole
  std::vector<Tensor> outputs_;  // views of kept_ or means_ for the current images
};

}  // namespace biossl
