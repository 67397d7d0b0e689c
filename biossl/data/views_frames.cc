#include <algorithm>
#include <optional>
#include <vector>

#include "biossl/data/views.h"
#include "biossl/ops/ops.h"

namespace biossl {
namespace {

struct FrameOptions {
  std::int64_t gap = 1;

  template <class Visitor>
  void visit(Visitor& field) {
    field("gap", gap, "how many frames after view 0 view 1 comes, in the same clip");
  }
};

/// The frames that have another one `gap` frames later in their clip.
std::vector<std::int32_t> frames_with_a_later_one(const std::vector<std::int32_t>& clips, std::int64_t gap) {
  std::vector<std::int32_t> frames;
  for (std::int64_t frame = 0; frame + gap < std::ssize(clips); ++frame) {
    if (clips[static_cast<std::size_t>(frame)] != clips[static_cast<std::size_t>(frame + gap)]) continue;
    frames.push_back(static_cast<std::int32_t>(frame));
  }
  return frames;
}

std::int64_t longest_clip(const std::vector<std::int32_t>& clips) {
  std::int64_t longest = 0;
  std::int64_t length = 0;
  for (std::size_t frame = 0; frame < clips.size(); ++frame) {
    length = frame > 0 && clips[frame] == clips[frame - 1] ? length + 1 : 1;
    longest = std::max(longest, length);
  }
  return longest;
}

/// View 0 is a frame of a clip, view 1 the frame `gap` later. Frames without a later one begin no pair.
class FrameViews final : public Views {
 public:
  static constexpr Traits traits{.suit = [](const Dataset& dataset) { return longest_clip(dataset.clips()) > 1; },
                                 .host_only = true};

  FrameViews(const FrameOptions& options, const ViewSource& source)
      : source_(source),
        gap_(checked_gap(options, source)),
        frames_(frames_with_a_later_one(source.dataset.clips(), gap_)),
        earlier_(source),
        later_rows_({source.batch}, DType::int32, source.device) {
    check_views(!frames_.empty(), "frames", "gap = {}, and the longest clip has {} frames; lower the gap", gap_,
                longest_clip(source.dataset.clips()));
    if (!source.dataset.is_resident()) later_.emplace(source);
  }

  std::span<const std::int32_t> images() const override { return frames_; }

  void make(std::uint32_t /*epoch*/, std::uint32_t view, const Tensor& rows, Tensor& dst) override {
    check_batch(source_, rows);
    const auto [pixels, places] = view == 0 ? earlier_.at(rows) : later().at(later_rows(rows));
    ops::unit_range(pixels, places, dst);
  }
  void expect(const Tensor& rows) override {
    earlier_.expect(rows);
    later().expect(later_rows(rows));
  }

 private:
  static std::int64_t checked_gap(const FrameOptions& options, const ViewSource& source) {
    check_views(options.gap >= 1, "frames", "gap = {}; must be at least 1", options.gap);
    check_views(
        source.dataset.has_clips(), "frames",
        "these images are no frames of clips; use the data set \"clips\", or \"array\" with clips.npy beside the "
        "images");
    check_views_device("frames", source.device);
    return options.gap;
  }

  SourceImages& later() { return later_ ? *later_ : earlier_; }
  Tensor later_rows(const Tensor& rows) {
    Tensor later = later_rows_.rows(0, rows.extent(0));
    const auto gap = static_cast<std::int32_t>(gap_);
    std::ranges::transform(rows.span<const std::int32_t>(), later.data<std::int32_t>(),
                           [gap](std::int32_t frame) { return frame + gap; });
    return later;
  }

  ViewSource source_;
  std::int64_t gap_;
  std::vector<std::int32_t> frames_;  // that begin a pair
  SourceImages earlier_;
  std::optional<SourceImages> later_;  // of images that are read batch by batch: each view is read ahead
  Tensor later_rows_;
};

const Registration<ViewsRegistry, FrameViews, FrameOptions> registration(
    "frames", "two frames of one clip, `gap` frames apart; for the data set \"clips\"");

}  // namespace
}  // namespace biossl
