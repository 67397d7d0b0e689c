#include "biossl/backend/cuda/cudnn_descriptors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <stdexcept>
#include <vector>

// What cuDNN understands of a convolution, which it says without a GPU. Only built with cuDNN.
namespace biossl::cuda {
namespace {

using Extents = std::array<int, 4>;

struct Described {
  cudnnDataType_t type;
  Extents extents, strides;  // N, C, H, W

  bool operator==(const Described&) const = default;
};

Described described(const TensorDescriptor& descriptor) {
  Described its{};
  auto& [n, c, h, w] = its.extents;
  auto& [by_n, by_c, by_h, by_w] = its.strides;
  check(cudnnGetTensor4dDescriptor(descriptor.get(), &its.type, &n, &c, &h, &w, &by_n, &by_c, &by_h, &by_w),
        "cudnnGetTensor4dDescriptor");
  return its;
}

TEST(CudnnDescriptors, MapsLieChannelByChannelOfAPixel) {
  const ConvolutionDescriptors of({7, 32, 30, 3}, {7, 32, 30, 64}, DType::bfloat16, Conv2d{});
  EXPECT_EQ(described(of.src), (Described{CUDNN_DATA_BFLOAT16, {7, 3, 32, 30}, {32 * 30 * 3, 1, 30 * 3, 3}}));
  EXPECT_EQ(described(of.dst), (Described{CUDNN_DATA_BFLOAT16, {7, 64, 32, 30}, {32 * 30 * 64, 1, 30 * 64, 64}}));
}

TEST(CudnnDescriptors, WeightsAreOutputByOutput) {
  const ConvolutionDescriptors of({7, 32, 30, 3}, {7, 32, 30, 64}, DType::float32, {.kernel = 5, .padding = 2});
  cudnnDataType_t type{};
  cudnnTensorFormat_t format{};
  int out = 0;
  int in = 0;
  int height = 0;
  int width = 0;
  check(cudnnGetFilter4dDescriptor(of.weights.get(), &type, &format, &out, &in, &height, &width),
        "cudnnGetFilter4dDescriptor");
  EXPECT_EQ(type, CUDNN_DATA_FLOAT);
  EXPECT_EQ(format, CUDNN_TENSOR_NHWC);
  EXPECT_EQ((Extents{out, in, height, width}), (Extents{64, 3, 5, 5}));
}

TEST(CudnnDescriptors, OutputExtentsAreOurs) {
  for (const Conv2d& conv : std::vector<Conv2d>{{}, {1, 1, 0}, {3, 2, 1}, {5, 2, 2}, {4, 2, 1}, {3, 3, 0}}) {
    const Shape dst{2, conv.output_height(17), conv.output_width(12), 6};
    const ConvolutionDescriptors of({2, 17, 12, 5}, dst, DType::float32, conv);
    int n = 0;
    int c = 0;
    int h = 0;
    int w = 0;
    check(cudnnGetConvolution2dForwardOutputDim(of.convolution.get(), of.src.get(), of.weights.get(), &n, &c, &h, &w),
          "cudnnGetConvolution2dForwardOutputDim");
    EXPECT_EQ(described(of.dst).extents, (Extents{n, c, h, w}))
        << "kernel " << conv.kernel << ", stride " << conv.stride << ", padding " << conv.padding;
  }
}

TEST(CudnnDescriptors, Float32IsNotRoundedToTf32UnlessAllowed) {
  const auto math_of = [](DType dtype, bool tf32 = false) {
    const ConvolutionDescriptors of({2, 8, 8, 8}, {2, 8, 8, 8}, dtype, Conv2d{}, tf32);
    cudnnMathType_t math{};
    check(cudnnGetConvolutionMathType(of.convolution.get(), &math), "cudnnGetConvolutionMathType");
    return math;
  };
  EXPECT_EQ(math_of(DType::float32), CUDNN_FMA_MATH);
  EXPECT_EQ(math_of(DType::float32, true), CUDNN_DEFAULT_MATH);
  EXPECT_EQ(math_of(DType::bfloat16), CUDNN_TENSOR_OP_MATH);
}

TEST(CudnnDescriptors, SaysWhichCallFailed) {
  try {
    const ConvolutionDescriptors of({2, 8, 8, 8}, {2, 8, 8, 8}, DType::float32, {.kernel = 3, .stride = 0});
    FAIL() << "a stride of 0 was accepted";
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), ::testing::HasSubstr("[cudnnSetConvolution2dDescriptor]"));
  }
}

}  // namespace
}  // namespace biossl::cuda
