#pragma once

#include <span>
#include <vector>

#include "biossl/data/cropped_images.h"
#include "biossl/evaluation/linear_probe.h"

namespace biossl {

/// Trains linear probes of several blocks side by side, one pass through the encoder an epoch: the images are cut anew
/// (CroppedImages::draw), their features are written into the training tables, and each probe learns from its own. At
/// the end the tables hold the features of the images' middles, which each probe's training accuracy is of.
/// reader: of `images` and of the blocks that features[i] belong to. The test and validation features are read as they
/// are. progress counts images. Throws as LinearProbe does.
std::vector<ProbeResult> train_augmented_probes(FeatureReader& reader, CroppedImages& images,
                                                std::span<const ProbeFeatures> features, const ProbeOptions& options,
                                                const Progress& progress = {});

}  // namespace biossl
