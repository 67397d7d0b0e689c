#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "biossl/data/views.h"
#include "biossl/evaluation/health.h"
#include "biossl/network/forward_pass.h"
#include "biossl/rules/rule.h"

namespace biossl {

/// Measures the health of what learns, on images that training sees too: M of those that views are made of, spread over
/// the data set, since neighbours in it may be alike; each in the two views of epoch 0. M is the number D of
/// dimensions, or an eighth of the images up to 256 if that is more; at most 1024, and at most all images. It changes
/// no weight and draws no random number that training draws, so a run with it ends in the same bytes.
///
/// Measured are the embeddings of a block's head. A block has its own output measured, averaged over the positions of
/// each channel, where it has no head or one whose embedding is not of a single image alone. Of images that views cut
/// into patches the two views are a patch of view 0 and the patch below it, as losses compare them; in a grid of one
/// row the patch to its right. The place of the patch changes from image to image. Nothing is measured where a plan has
/// one view of whole images.
class HealthMeter {
 public:
  /// rule_name: for messages. plan: of the views. images: of the data set. batch: images that the rule's heads have
  /// buffers for. Everything must outlive the meter.
  HealthMeter(Network& network, const LearningRule& rule, std::string rule_name, Views& views, const ViewPlan& plan,
              std::int64_t images, std::int64_t batch);

  /// What is measured after this epoch, block by block; nothing where embeddings are not finite. Throws
  /// std::invalid_argument where the rule names a block that is not there.
  std::vector<Health> measure(std::int64_t epoch);

 private:
  struct Place;

  /// The blocks that are measured after an epoch, in ascending order.
  std::vector<int> blocks(std::int64_t epoch) const;
  Place make_place(int block) const;
  /// Runs the images through the network and fills the embeddings and unit counts of each place.
  void fill(std::vector<Place>& places);
  /// Of all patches of images first, first + 1, …, writes the one of each image that is its first or second view (0,
  /// 1).
  void choose(const Tensor& patches, std::uint32_t view, std::int64_t first, Tensor& images) const;
  /// Adds the outputs of a block for view `view` of images first, first + 1, ….
  void add(Place& place, std::uint32_t view, std::int64_t first, const Tensor& output);

  Network& network_;
  const LearningRule& rule_;
  std::string rule_name_;
  Views& views_;
  ViewPlan plan_;
  Tensor shown_;  // the images that views are made of, int32, on the device
  std::int64_t images_;
  std::int64_t group_;  // images at a time
};

}  // namespace biossl
