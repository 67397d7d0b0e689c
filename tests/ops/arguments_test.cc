#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "biossl/ops/ops.h"
#include "tests/support/devices.h"
#include "tests/support/tensors.h"

namespace biossl {
namespace {

using namespace biossl::testing;

Tensor floats(const Shape& shape, Device device = Device::reference) { return {shape, DType::float32, device}; }
Tensor of_type(DType dtype, const Shape& shape) { return {shape, dtype, Device::reference}; }
Tensor whole(const std::vector<std::int32_t>& values) { return indices_of(values, Device::reference); }

/// A call that must be refused, and what the message must say.
struct WrongCall {
  const char* name;
  const char* message;
  void (*call)();
};

const std::vector<WrongCall> wrong_layers = {
    {"conv_channels", "[conv2d_forward] src has 3 channels, weights expect 32",
     [] {
       Tensor dst = floats({2, 8, 8, 16});
       ops::conv2d_forward(floats({2, 8, 8, 3}), Weights(floats({16, 3, 3, 32})), {}, {}, Activation::none, dst);
     }},
    {"conv_dst", "[conv2d_forward] dst is (2, 8, 8, 16), expected (2, 4, 4, 16)",
     [] {
       Tensor dst = floats({2, 8, 8, 16});
       ops::conv2d_forward(floats({2, 8, 8, 3}), Weights(floats({16, 3, 3, 3})), {}, {3, 2, 1}, Activation::none, dst);
     }},
    {"conv_kernel", "[conv2d_forward] weights is (16, 5, 5, 3), expected (16, 3, 3, 3)",
     [] {
       Tensor dst = floats({2, 8, 8, 16});
       ops::conv2d_forward(floats({2, 8, 8, 3}), Weights(floats({16, 5, 5, 3})), {}, {}, Activation::none, dst);
     }},
    {"conv_kernel_height", "[conv2d_forward] weights is (16, 3, 3, 3), expected (16, 1, 3, 3)",
     [] {
       Tensor dst = floats({2, 8, 8, 16});
       ops::conv2d_forward(floats({2, 8, 8, 3}), Weights(floats({16, 3, 3, 3})), {}, {3, 1, 1, 1, 1, 0},
                           Activation::none, dst);
     }},
    {"conv_stride_height", "[conv2d_forward] kernel 1x3, stride -1x1, padding 0x1",
     [] {
       Tensor dst = floats({2, 8, 8, 16});
       ops::conv2d_forward(floats({2, 8, 8, 3}), Weights(floats({16, 1, 3, 3})), {}, {3, 1, 1, 1, -1, 0},
                           Activation::none, dst);
     }},
    {"conv_too_small", "[conv2d_forward] src is (1, 2, 9, 3), smaller than the kernel of 5",
     [] {
       Tensor dst = floats({1, 1, 5, 4});
       ops::conv2d_forward(floats({1, 2, 9, 3}), Weights(floats({4, 5, 5, 3})), {}, {5, 1, 0}, Activation::none, dst);
     }},
    {"conv_bias", "[conv2d_forward] bias is (4), expected (16)",
     [] {
       Tensor dst = floats({2, 8, 8, 16});
       ops::conv2d_forward(floats({2, 8, 8, 3}), Weights(floats({16, 3, 3, 3})), floats({4}), {}, Activation::none,
                           dst);
     }},
    {"conv_device", "[conv2d_forward] dst is on cpu, src on reference",
     [] {
       Tensor dst = floats({2, 8, 8, 16}, Device::cpu);
       ops::conv2d_forward(floats({2, 8, 8, 3}), Weights(floats({16, 3, 3, 3})), {}, {}, Activation::none, dst);
     }},
    {"conv_dst_type", "[conv2d_forward] dst is bfloat16, expected float32",
     [] {
       Tensor dst = of_type(DType::bfloat16, {2, 8, 8, 16});
       ops::conv2d_forward(floats({2, 8, 8, 3}), Weights(floats({16, 3, 3, 3})), {}, {}, Activation::none, dst);
     }},
    {"conv_weight_type", "[conv2d_forward] weights is bfloat16, expected float32",
     [] {
       Tensor dst = of_type(DType::bfloat16, {2, 8, 8, 16});
       ops::conv2d_forward(of_type(DType::bfloat16, {2, 8, 8, 3}), Weights(of_type(DType::bfloat16, {16, 3, 3, 3})), {},
                           {}, Activation::none, dst);
     }},
    {"conv_stride", "[conv2d_backward_data] kernel 3, stride 0, padding 1",
     [] {
       Tensor d_src = floats({2, 8, 8, 3});
       ops::conv2d_backward_data(floats({2, 8, 8, 16}), Weights(floats({16, 3, 3, 3})), {3, 0, 1}, d_src);
     }},
    {"conv_batch", "[conv2d_backward_data] d_dst is (3, 8, 8, 16), expected (2, 8, 8, 16)",
     [] {
       Tensor d_src = floats({2, 8, 8, 3});
       ops::conv2d_backward_data(floats({3, 8, 8, 16}), Weights(floats({16, 3, 3, 3})), {}, d_src);
     }},
    {"conv_no_update", "[conv2d_backward_weights] d_weights is empty",
     [] {
       Tensor d_weights;
       Tensor d_bias;
       ops::conv2d_backward_weights(floats({2, 8, 8, 3}), floats({2, 8, 8, 16}), {}, d_weights, d_bias);
     }},
    {"linear_features", "[linear_forward] src has 48 features, weights expect 40",
     [] {
       Tensor dst = floats({2, 5});
       ops::linear_forward(floats({2, 4, 4, 3}), Weights(floats({5, 40})), {}, Activation::none, dst);
     }},
    {"linear_error_type", "[linear_backward_data] d_dst is float32, expected bfloat16",
     [] {
       Tensor d_src = of_type(DType::bfloat16, {2, 40});
       ops::linear_backward_data(floats({2, 5}), Weights(floats({5, 40})), d_src);
     }},
    {"linear_bias", "[linear_backward_weights] d_bias is (6), expected (5)",
     [] {
       Tensor d_weights = floats({5, 40});
       Tensor d_bias = floats({6});
       ops::linear_backward_weights(floats({2, 40}), floats({2, 5}), d_weights, d_bias);
     }},
    {"gathered_rows", "[gathered_linear_forward] rows holds 9, outside 0 to 8",
     [] {
       Tensor dst = floats({2, 5});
       ops::gathered_linear_forward(floats({9, 4, 10}), whole({0, 9}), floats({5, 40}), floats({5}), dst);
     }},
    {"gathered_weights", "[gathered_linear_forward] weights is (5, 41), expected (5, 40)",
     [] {
       Tensor dst = floats({2, 5});
       ops::gathered_linear_forward(floats({9, 4, 10}), whole({0, 8}), floats({5, 41}), floats({5}), dst);
     }},
    {"gathered_batch", "[gathered_linear_backward_weights] d_dst is (3, 5), expected (2, 5)",
     [] {
       Tensor d_weights = floats({5, 40});
       Tensor d_bias = floats({5});
       ops::gathered_linear_backward_weights(floats({9, 40}), whole({0, 8}), floats({3, 5}), d_weights, d_bias);
     }},
    {"gathered_error_type", "[gathered_linear_backward_weights] d_dst is bfloat16, expected float32",
     [] {
       Tensor d_weights = floats({5, 40});
       Tensor d_bias = floats({5});
       ops::gathered_linear_backward_weights(of_type(DType::bfloat16, {9, 40}), whole({0, 8}),
                                             of_type(DType::bfloat16, {2, 5}), d_weights, d_bias);
     }},
    {"max_pool_window", "[max_pool_forward] src is (1, 3, 3, 2), smaller than the window of 4",
     [] {
       Tensor dst = floats({1, 0, 0, 2});
       Tensor argmax = of_type(DType::uint8, {1, 0, 0, 2});
       ops::max_pool_forward(floats({1, 3, 3, 2}), 4, Activation::none, dst, argmax);
     }},
    {"max_pool_large_window", "[max_pool_forward] a window of 17",
     [] {
       Tensor dst = floats({1, 1, 1, 2});
       Tensor argmax = of_type(DType::uint8, {1, 1, 1, 2});
       ops::max_pool_forward(floats({1, 17, 17, 2}), 17, Activation::none, dst, argmax);
     }},
    {"max_pool_argmax", "[max_pool_backward] argmax is float32, expected uint8",
     [] {
       Tensor d_src = floats({1, 4, 4, 2});
       ops::max_pool_backward(floats({1, 2, 2, 2}), floats({1, 2, 2, 2}), floats({1, 2, 2, 2}), 2, Activation::none,
                              d_src);
     }},
    {"average_pool_dst", "[average_pool_forward] dst is (1, 3, 3, 2), expected (1, 2, 2, 2)",
     [] {
       Tensor dst = floats({1, 3, 3, 2});
       ops::average_pool_forward(floats({1, 5, 5, 2}), 2, dst);
     }},
    {"average_pool_window", "[average_pool_backward] a window of 0",
     [] {
       Tensor d_src = floats({1, 4, 4, 2});
       ops::average_pool_backward(floats({1, 2, 2, 2}), 0, d_src);
     }},
    {"activation_shape", "[activation_backward] d_src is (2, 4), expected (2, 3)",
     [] {
       Tensor d_src = floats({2, 4});
       ops::activation_backward(floats({2, 3}), floats({2, 3}), Activation::tanh, d_src);
     }},
};

const std::vector<WrongCall> wrong_others = {
    {"hinge_type", "[contrastive_hinge] a is bfloat16",
     [] {
       Tensor d_a;
       Tensor d_b = of_type(DType::bfloat16, {4, 8});
       Tensor totals = of_type(DType::float64, {2});
       ops::contrastive_hinge(d_b, d_b, {}, d_a, d_b, totals);
     }},
    {"hinge_first", "[contrastive_hinge] first = 1 needs recent negatives and no error of the memory",
     [] {
       Tensor d_a = floats({4, 8});
       Tensor d_b = floats({4, 8});
       Tensor totals = of_type(DType::float64, {2});
       ops::contrastive_hinge(floats({4, 8}), floats({4, 8}), {.first = 1}, d_a, d_b, totals);
     }},
    {"hinge_totals", "[contrastive_hinge] totals is float32, expected float64",
     [] {
       Tensor d_a;
       Tensor d_b = floats({4, 8});
       Tensor totals = floats({2});
       ops::contrastive_hinge(floats({4, 8}), floats({4, 8}), {}, d_a, d_b, totals);
     }},
    {"hinge_recent", "[contrastive_hinge] -1 recent negatives",
     [] {
       Tensor d_a;
       Tensor d_b = floats({4, 8});
       Tensor totals = of_type(DType::float64, {2});
       ops::contrastive_hinge(floats({4, 8}), floats({4, 8}), {.recent = -1}, d_a, d_b, totals);
     }},
    {"label_out_of_range", "[softmax_cross_entropy] labels holds 10, outside 0 to 9",
     [] {
       Tensor d_logits = floats({2, 10});
       Tensor totals = of_type(DType::float64, {2});
       ops::softmax_cross_entropy(floats({2, 10}), whole({3, 10}), d_logits, totals);
     }},
    {"labels_type", "[softmax_cross_entropy] labels is float32, expected int32",
     [] {
       Tensor d_logits = floats({2, 10});
       Tensor totals = of_type(DType::float64, {2});
       ops::softmax_cross_entropy(floats({2, 10}), floats({2}), d_logits, totals);
     }},
    {"nt_xent_no_pairs", "[nt_xent] unit has 5 rows; pairs are needed",
     [] {
       Tensor scratch = floats({5, 5});
       Tensor d_unit = floats({5, 8});
       Tensor totals = of_type(DType::float64, {2});
       ops::nt_xent(floats({5, 8}), 0.1, scratch, d_unit, totals);
     }},
    {"nt_xent_temperature", "[nt_xent] temperature 0 must be positive",
     [] {
       Tensor scratch = floats({4, 4});
       Tensor d_unit = floats({4, 8});
       Tensor totals = of_type(DType::float64, {2});
       ops::nt_xent(floats({4, 8}), 0.0, scratch, d_unit, totals);
     }},
    {"nt_xent_type", "[nt_xent] d_unit is bfloat16, expected float32",
     [] {
       Tensor scratch = floats({4, 4});
       Tensor d_unit = of_type(DType::bfloat16, {4, 8});
       Tensor totals = of_type(DType::float64, {2});
       ops::nt_xent(floats({4, 8}), 0.1, scratch, d_unit, totals);
     }},
    {"nt_xent_scratch", "[nt_xent] scratch is (4, 8), expected (4, 4)",
     [] {
       Tensor scratch = floats({4, 8});
       Tensor totals = of_type(DType::float64, {2});
       ops::nt_xent(floats({4, 8}), 0.1, scratch, scratch, totals);
     }},
    {"barlow_scratch", "[barlow_twins] scratch is (4, 4), expected (8, 8)",
     [] {
       Tensor scratch = floats({4, 4});
       Tensor d_a = floats({4, 8});
       Tensor totals = of_type(DType::float64, {2});
       ops::barlow_twins(floats({4, 8}), floats({4, 8}), 0.1, scratch, d_a, d_a, totals);
     }},
    {"barlow_views", "[barlow_twins] b is (3, 8), expected (4, 8)",
     [] {
       Tensor scratch = floats({8, 8});
       Tensor d_a = floats({4, 8});
       Tensor totals = of_type(DType::float64, {2});
       ops::barlow_twins(floats({4, 8}), floats({3, 8}), 0.1, scratch, d_a, d_a, totals);
     }},
    {"clapp_negative", "[clapp_hinge] negatives holds 4, outside 0 to 3",
     [] {
       Tensor error = floats({4, 8});
       Tensor totals = of_type(DType::float64, {2});
       ops::clapp_hinge(floats({4, 8}), floats({4, 8}), whole({1, 2, 3, 4}), error, error, totals);
     }},
    {"clapp_negatives", "[clapp_hinge] negatives is (3), expected (4)",
     [] {
       Tensor error = floats({4, 8});
       Tensor totals = of_type(DType::float64, {2});
       ops::clapp_hinge(floats({4, 8}), floats({4, 8}), whole({1, 2, 3}), error, error, totals);
     }},
    {"add_loss_summed", "[add_loss] summed is float32, expected float64",
     [] {
       Tensor totals = of_type(DType::float64, {2});
       ops::add_loss(floats({2}), 1.0, floats({4, 8}), totals);
     }},
    {"deviations_shape", "[standardize_columns] deviations is (3), expected (5)",
     [] {
       Tensor dst = floats({3, 5});
       Tensor deviations = floats({3});
       ops::standardize_columns(floats({3, 5}), 1e-5, dst, deviations);
     }},
    {"deviations_epsilon", "[standardize_columns] epsilon 0 must be positive",
     [] {
       Tensor dst = floats({3, 5});
       Tensor deviations = floats({5});
       ops::standardize_columns(floats({3, 5}), 0.0, dst, deviations);
     }},
    {"deviations_empty", "[standardize_columns_backward] deviations is empty",
     [] {
       Tensor d_src = floats({3, 5});
       ops::standardize_columns_backward(floats({3, 5}), floats({3, 5}), {}, d_src);
     }},
    {"norms_shape", "[normalize_rows] norms is (4), expected (3)",
     [] {
       Tensor dst = floats({3, 5});
       Tensor norms = floats({4});
       ops::normalize_rows(floats({3, 5}), dst, norms);
     }},
    {"norms_empty", "[normalize_rows_backward] norms is empty",
     [] {
       Tensor d_src = floats({3, 5});
       ops::normalize_rows_backward(floats({3, 5}), floats({3, 5}), {}, d_src);
     }},
    {"draw_parameters", "[draw_deformations] parameters is (2, 8), expected (2, 9)",
     [] {
       Tensor parameters = floats({2, 8});
       ops::draw_deformations(1, 0, 0, whole({0, 1}), {}, parameters);
     }},
    {"draw_range", "[draw_deformations] the range is perturb -1",
     [] {
       Tensor parameters = floats({1, 9});
       ops::draw_deformations(1, 0, 0, whole({0}), {.perturb = -1.0F}, parameters);
     }},
    {"deform_grey", "[deform] pixels have 1 channels",
     [] {
       Tensor dst = floats({1, 4, 4, 1});
       ops::deform(of_type(DType::uint8, {2, 4, 4, 1}), whole({0}), floats({1, 9}), dst);
     }},
    {"deform_row", "[deform] rows holds 2, outside 0 to 1",
     [] {
       Tensor dst = floats({1, 4, 4, 3});
       ops::deform(of_type(DType::uint8, {2, 4, 4, 3}), whole({2}), floats({1, 9}), dst);
     }},
    {"unit_range_type", "[unit_range] pixels is float32, expected uint8",
     [] {
       Tensor dst = floats({1, 4});
       ops::unit_range(floats({2, 4}), whole({0}), dst);
     }},
    {"gather_negative_row", "[gather_rows] rows holds -1, outside 0 to 1",
     [] {
       Tensor dst = floats({1, 4});
       ops::gather_rows(floats({2, 4}), whole({-1}), dst);
     }},
    {"move_row_outside", "[scatter_rows] to holds 2, outside 0 to 1",
     [] {
       Tensor tensor = floats({2, 4});
       ops::scatter_rows(whole({0}), whole({2}), tensor);
     }},
    {"move_counts", "[scatter_rows] to is",
     [] {
       Tensor tensor = floats({2, 4});
       ops::scatter_rows(whole({0}), whole({1, 0}), tensor);
     }},
    {"gather_type", "[gather_rows] dst is float32, expected uint8",
     [] {
       Tensor dst = floats({1, 4});
       ops::gather_rows(of_type(DType::uint8, {2, 4}), whole({0}), dst);
     }},
    {"convert_bytes", "[convert] src is uint8",
     [] {
       Tensor dst = floats({2, 4});
       ops::convert(of_type(DType::uint8, {2, 4}), dst);
     }},
    {"add_shape", "[add_scaled] b is (5), expected (4)",
     [] {
       Tensor dst = floats({4});
       ops::add_scaled(floats({4}), 1.0, floats({5}), dst);
     }},
    {"add_type", "[add_scaled] dst is bfloat16, expected float32",
     [] {
       Tensor dst = of_type(DType::bfloat16, {4});
       ops::add_scaled(floats({4}), 1.0, floats({4}), dst);
     }},
    {"signs_bytes", "[apply_signs] magnitudes is uint8",
     [] {
       Tensor dst = of_type(DType::uint8, {4});
       ops::apply_signs(dst, dst, dst);
     }},
    {"draw_type", "[draw_uniform] dst is bfloat16",
     [] {
       Tensor dst = of_type(DType::bfloat16, {4});
       ops::draw_uniform(Random(1, Purpose::sample), 1.0F, dst);
     }},
    {"draw_bound", "[draw_uniform] the bound is -1",
     [] {
       Tensor dst = floats({4});
       ops::draw_uniform(Random(1, Purpose::sample), -1.0F, dst);
     }},
    {"others_type", "[draw_negatives] dst is float32",
     [] {
       Tensor dst = floats({4});
       ops::draw_negatives(Random(1, Purpose::sample), dst);
     }},
    {"order_type", "[random_permutation] dst is float32",
     [] {
       Tensor dst = floats({4});
       ops::random_permutation(Random(1, Purpose::sample), dst);
     }},
    {"adam_step_0", "[adam_step] step 0; steps count from 1",
     [] {
       ParameterStep step{.update = floats({4}), .values = floats({4}), .state = {floats({4}), floats({4})}};
       ParameterStep* const alone[] = {&step};
       ops::adam_step({}, alone);
     }},
    {"sgd_shape", "[sgd_step] velocity is (5), expected (4)",
     [] {
       ParameterStep step{.update = floats({4}), .values = floats({4}), .state = {floats({5})}, .number = 1};
       ParameterStep* const alone[] = {&step};
       ops::sgd_step({}, alone);
     }},
};

class Arguments : public ::testing::TestWithParam<WrongCall> {};

TEST_P(Arguments, AreChecked) {
  EXPECT_THAT(GetParam().call,
              ::testing::ThrowsMessage<std::invalid_argument>(::testing::StartsWith(GetParam().message)));
}

INSTANTIATE_TEST_SUITE_P(Layers, Arguments, ::testing::ValuesIn(wrong_layers), CaseName());
INSTANTIATE_TEST_SUITE_P(Others, Arguments, ::testing::ValuesIn(wrong_others), CaseName());

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
