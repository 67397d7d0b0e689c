#include "biossl/evaluation/augmented_probe.h"

#include <fmt/format.h>

#include <string>

namespace biossl {
namespace {

/// The progress of one pass as a part of that of all passes.
Progress part_of(const Progress& whole, std::int64_t pass, std::int64_t passes, const std::string& text) {
  if (!whole) return {};
  return [=](std::int64_t done, std::int64_t images, std::string_view) {
    whole(pass * images + done, passes * images, text);
  };
}

}  // namespace

std::vector<ProbeResult> train_augmented_probes(FeatureReader& reader, CroppedImages& images,
                                                std::span<const ProbeFeatures> features, const ProbeOptions& options,
                                                const Progress& progress) {
  std::vector<Features> tables;
  std::vector<LinearProbe> probes;
  for (const ProbeFeatures& of_block : features) {
    tables.push_back(of_block.train);
    probes.emplace_back(of_block, options);
  }
  std::string loss;
  for (std::int64_t epoch = 0; epoch < options.epochs; ++epoch) {
    images.draw(options.seed, static_cast<std::uint32_t>(epoch));
    const std::string text = fmt::format("epoch {}/{}{}", epoch + 1, options.epochs, loss);
    fill_features(reader, tables, part_of(progress, epoch, options.epochs + 1, text));
    for (LinearProbe& probe : probes) loss = fmt::format("  loss {:.4f}", probe.train_epoch());
  }
  images.show_middle();
  const std::string text = fmt::format("{} epochs{}", options.epochs, loss);
  fill_features(reader, tables, part_of(progress, options.epochs, options.epochs + 1, text));
  std::vector<ProbeResult> results;
  for (LinearProbe& probe : probes) results.push_back(probe.test());
  return results;
}

}  // namespace biossl
