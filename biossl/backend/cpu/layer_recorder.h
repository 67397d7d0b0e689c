#pragma once

#include <cstddef>
#include <utility>
#include <vector>

namespace biossl::cpu {

class Primitive;

/// A primitive that ran, and the memory of its arguments.
struct RecordedLayer {
  Primitive* primitive;
  std::vector<std::pair<int, void*>> memory;
};

/// Records the convolution and linear primitives that run on this thread, and runs them again, back to back, on the
/// same shapes and memory: a lower bound of a step's time. Changes of layout are not counted. While it records,
/// operations run the primitive even if they have a faster way. One recorder at a time.
class LayerRecorder {
 public:
  LayerRecorder();
  LayerRecorder(const LayerRecorder&) = delete;
  LayerRecorder& operator=(const LayerRecorder&) = delete;
  ~LayerRecorder();

  /// Whether a recorder records on this thread.
  static bool recording();
  void stop();
  void replay() const;
  std::size_t layers() const { return layers_.size(); }

 private:
  std::vector<RecordedLayer> layers_;
};

}  // namespace biossl::cpu
