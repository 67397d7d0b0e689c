#pragma once

#include <cstddef>
#include <memory>

namespace biossl {
namespace cpu {
class LayerRecorder;
}

/// Records the convolution and linear primitives that this thread runs on the device `cpu`, and runs them again, back
/// to back, on the same shapes and memory. This is a lower bound of a step's time; changes of layout are not counted.
/// While a recorder records, operations run the primitive even if they have a faster way. One recorder at a time.
class LayerRecorder {
 public:
  LayerRecorder();
  LayerRecorder(const LayerRecorder&) = delete;
  LayerRecorder& operator=(const LayerRecorder&) = delete;
  ~LayerRecorder();

  /// Ends the recording.
  void stop();
  /// Runs the recorded primitives again; call stop() first, on the same thread.
  void replay() const;
  /// Number of recorded primitives.
  std::size_t layers() const;

 private:
  std::unique_ptr<cpu::LayerRecorder> recorder_;
};

}  // namespace biossl
