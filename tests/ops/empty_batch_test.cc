#include <gtest/gtest.h>

#include "biossl/ops/ops.h"
#include "tests/support/devices.h"
#include "tests/support/tensors.h"

namespace biossl {
namespace {

using namespace biossl::testing;

Tensor floats(const Shape& shape, Device device) { return {shape, DType::float32, device}; }

class EmptyBatch : public ::testing::TestWithParam<Device> {};

TEST_P(EmptyBatch, PassesThroughLayers) {
  const Tensor src = floats({0, 4, 4, 3}, GetParam());
  const Weights weights(floats({8, 3, 3, 3}, GetParam()));
  Tensor dst = floats({0, 4, 4, 8}, GetParam());
  Tensor d_src = floats({0, 4, 4, 3}, GetParam());
  Tensor d_weights = poisoned({8, 3, 3, 3}, DType::float32, GetParam());
  Tensor d_bias = poisoned({8}, DType::float32, GetParam());
  ops::conv2d_forward(src, weights, {}, {}, Activation::hardtanh, dst);
  ops::conv2d_backward_data(dst, weights, {}, d_src);
  ops::conv2d_backward_weights(src, dst, {}, d_weights, d_bias);
  EXPECT_EQ(values_of(d_weights), std::vector<double>(216, 0.0));
  EXPECT_EQ(values_of(d_bias), std::vector<double>(8, 0.0));
  Tensor pooled = floats({0, 2, 2, 8}, GetParam());
  Tensor argmax({0, 2, 2, 8}, DType::uint8, GetParam());
  ops::max_pool_forward(dst, 2, Activation::none, pooled, argmax);
  ops::max_pool_backward(pooled, pooled, argmax, 2, Activation::none, dst);
}

TEST_P(EmptyBatch, PassesThroughLossesAndViews) {
  const Tensor embeddings = floats({0, 64}, GetParam());
  Tensor errors = floats({0, 64}, GetParam());
  Tensor totals = tensor_of({2}, {3, 4}, DType::float64, GetParam());
  ops::contrastive_hinge(embeddings, embeddings, {}, errors, errors, totals);
  ops::softmax_cross_entropy(embeddings, indices_of({}, GetParam()), errors, totals);
  Tensor similarities = floats({0, 0}, GetParam());
  ops::nt_xent(embeddings, 0.1, similarities, errors, totals);
  Tensor scratch = floats({64, 64}, GetParam());
  ops::barlow_twins(embeddings, embeddings, 0.1, scratch, errors, errors, totals);
  ops::clapp_hinge(embeddings, embeddings, indices_of({}, GetParam()), errors, errors, totals);
  ops::add_loss(tensor_of({2}, {0, 0}, DType::float64, GetParam()), 1.0, errors, totals);
  EXPECT_EQ(values_of(totals), (std::vector<double>{3, 4}));
  Tensor images = floats({0, 4, 4, 3}, GetParam());
  ops::deform(random_bytes({2, 4, 4, 3}, GetParam(), 1), indices_of({}, GetParam()), floats({0, 9}, GetParam()),
              images);
}

INSTANTIATE_TEST_SUITE_P(All, EmptyBatch, ::testing::ValuesIn(all_devices()), DeviceName());

}  // namespace
}  // namespace biossl
