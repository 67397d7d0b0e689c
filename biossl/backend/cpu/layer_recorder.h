#pragma once

#include <cstddef>
#include <utility>
#include <vector>

namespace biossl::cpu {

class Primitive;

/// A primitive that ran, and the memory that its arguments were bound to.
struct RecordedLayer {
  Primitive* primitive;
  std::vector<std::pair<int, void*>> memory;
};

/// Notes which convolution and linear primitives run on this thread while it records, and runs just these again, back
/// to back, on the same shapes and memory: the time that a step cannot go below. Changes of layout are not counted.
/// Operations that have a way of their own beside a primitive run the primitive while it records. One recorder at a
/// time.
class LayerRecorder {
 public:
  LayerRecorder();
  LayerRecorder(const LayerRecorder&) = delete;
  LayerRecorder& operator=(const LayerRecorder&) = delete;
  ~LayerRecorder();

  /// True while one records on this thread.
  static bool recording();
  void stop();
  void replay() const;
  std::size_t layers() const { return layers_.size(); }

 private:
  std::vector<RecordedLayer> layers_;
};

}  // namespace biossl::cpu
