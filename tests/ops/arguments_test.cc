#include "tests/ops/wrong_call.h"

namespace biossl {
namespace {

using namespace biossl::testing;

const std::vector<WrongCall> wrong_calls = {
    {"hinge_type", "[contrastive_hinge] a is bfloat16",
     [] {
       Tensor d_a;
       Tensor d_b = of_type(DType::bfloat16, {4, 8});
       Tensor totals = of_type(DType::float64, {2});
       ops::contrastive_hinge(d_b, d_b, {}, d_a, d_b, totals);
     }},
    {"hinge_first", "[contrastive_hinge] first = 1 needs recent > 0 and an empty d_a",
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
    {"hinge_recent", "[contrastive_hinge] recent = -1 may not be negative",
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

TEST_P(Arguments, AreChecked) { expect_refused(GetParam()); }

INSTANTIATE_TEST_SUITE_P(All, Arguments, ::testing::ValuesIn(wrong_calls), CaseName());

}  // namespace
}  // namespace biossl
