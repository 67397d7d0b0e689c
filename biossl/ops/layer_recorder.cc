#include "biossl/ops/layer_recorder.h"

#include "biossl/backend/cpu/layer_recorder.h"

namespace biossl {

LayerRecorder::LayerRecorder() : recorder_(std::make_unique<cpu::LayerRecorder>()) {}
LayerRecorder::~LayerRecorder() = default;

void LayerRecorder::stop() { recorder_->stop(); }
void LayerRecorder::replay() const { recorder_->replay(); }
std::size_t LayerRecorder::layers() const { return recorder_->layers(); }

}  // namespace biossl
