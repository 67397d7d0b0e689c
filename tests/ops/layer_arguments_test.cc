#include "tests/ops/wrong_call.h"

namespace biossl {
namespace {

using namespace biossl::testing;

const std::vector<WrongCall> wrong_layers = {
    {"conv_channels", "[conv2d_forward] src has 3 channels, weights expect 32",
     [] {
       Tensor dst = floats({2, 8, 8, 16});
       ops::conv2d_forward(floats({2, 8, 8, 3}), Weights(floats({16, 3, 3, 32})), {}, {}, Activation::none, dst);
     }},
    {"conv_no_channels", "[conv2d_forward] src is (2, 8, 8, 0); it has no channels",
     [] {
       Tensor dst = floats({2, 8, 8, 16});
       ops::conv2d_forward(floats({2, 8, 8, 0}), Weights(floats({16, 3, 3, 0})), {}, {}, Activation::none, dst);
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

class LayerArguments : public ::testing::TestWithParam<WrongCall> {};

TEST_P(LayerArguments, AreChecked) { expect_refused(GetParam()); }

INSTANTIATE_TEST_SUITE_P(All, LayerArguments, ::testing::ValuesIn(wrong_layers), CaseName());

}  // namespace
}  // namespace biossl
