#include <cuda_runtime.h>
#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <stdexcept>

#include "biossl/backend/cuda/recorder.h"
#include "biossl/backend/cuda/runtime.h"
#include "biossl/core/accelerator.h"

// A library may refuse to be recorded. Only built with the simulation of a GPU, where such a library can be played.
namespace biossl {
namespace {

// The capture must end, or nothing could be done on the stream any more.
TEST(CapturedCall, ThatIsRefusedIsMadeDirectly) {
  const std::shared_ptr<std::byte[]> memory = accelerator::allocate_zeros(8);
  bool recorded = false;
  const auto call = [&] {
    cudaStreamCaptureStatus status{};
    cudaStreamIsCapturing(cuda::stream(), &status);
    recorded = status == cudaStreamCaptureStatusActive;
    if (recorded) throw std::runtime_error("not while I am recorded");
    cudaMemsetAsync(memory.get(), 0x11, 4, cuda::stream());
  };
  cuda::Recorder& recorder = cuda::recorder();
  for (int step = 0; step < 3; ++step) {
    accelerator::zero_bytes(memory.get(), 8);
    recorder.begin();
    accelerator::zero_bytes(memory.get() + 4, 4);
    recorder.give({cuda::key_of(memory.get())}, call);
    EXPECT_FALSE(recorded);
    EXPECT_FALSE(recorder.finish()) << "not as a graph";
    std::array<int, 2> values{};
    accelerator::copy_bytes(memory.get(), reinterpret_cast<std::byte*>(values.data()), sizeof(values));
    EXPECT_EQ(values[0], 0x11111111);
    EXPECT_EQ(values[1], 0);
  }
}

TEST(CapturedCall, ThatFailsAlsoDirectlyIsTold) {
  cuda::Recorder& recorder = cuda::recorder();
  recorder.begin();
  EXPECT_THROW(recorder.give({1}, [] { throw std::runtime_error("never"); }), std::runtime_error);
  recorder.abandon();
  const std::shared_ptr<std::byte[]> memory = accelerator::allocate_zeros(8);
  EXPECT_NO_THROW(accelerator::zero_bytes(memory.get(), 8)) << "the stream goes on";
}

}  // namespace
}  // namespace biossl
