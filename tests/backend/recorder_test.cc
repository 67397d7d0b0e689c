#include <gtest/gtest.h>

#include <functional>
#include <vector>

#include "biossl/core/accelerator.h"
#include "biossl/ops/ops.h"
#include "tests/support/tensors.h"

namespace biossl {
namespace {

using namespace biossl::testing;

/// A tensor on the GPU and one on the CPU, on which the same steps are done: recorded there, plainly here.
class RecordStep : public ::testing::Test {
 protected:
  void SetUp() override {
    if (accelerator::count() == 0) GTEST_SKIP() << "there is no GPU";
    for (const Device device : {Device::cuda, Device::cpu}) {
      tensors_.push_back(random_tensor({7, 40}, DType::float32, device, 1));
      added_.push_back(random_tensor({7, 40}, DType::float32, device, 2));
    }
  }

  using Step = std::function<void(Tensor& tensor, const Tensor& added)>;
  /// True where the GPU got a graph.
  bool run(const Step& step) {
    const bool as_graph = accelerator::record_step([&] { step(tensors_[0], added_[0]); });
    step(tensors_[1], added_[1]);
    EXPECT_LT(relative_error(tensors_[0], tensors_[1]), 1e-6);
    return as_graph;
  }

  std::vector<Tensor> tensors_, added_;
};

// Numbers that change from step to step, as a learning rate does, and addresses, as the rows of a batch do.
TEST_F(RecordStep, FollowsNumbersAndAddresses) {
  int graphs = 0;
  for (int i = 0; i < 6; ++i) {
    graphs += run([i](Tensor& tensor, const Tensor& added) {
      Tensor rows = tensor.rows(i % 3, i % 3 + 4);
      ops::add_scaled(rows, 0.1 * i, added.rows(i % 2, i % 2 + 4), rows);
      ops::scale(tensor, 1.0 / (1 + i), tensor);
    });
  }
  EXPECT_GE(graphs, 5);  // the first may go directly
}

// As randomised layer-wise learning does: steps of several kinds, in any order, with a common beginning.
TEST_F(RecordStep, KeepsAGraphForEachKindOfStep) {
  int graphs = 0;
  for (int i = 0; i < 40; ++i) {
    const int kind = (i * 7 + i / 5) % 3;
    graphs += run([=](Tensor& tensor, const Tensor& added) {
      ops::add_scaled(tensor, 0.01 * i, added, tensor);
      for (int k = 0; k < kind; ++k) ops::apply_signs(added, tensor, tensor);
      if (kind == 1) ops::scale(tensor, 0.9, tensor);
    });
  }
  EXPECT_GE(graphs, 37);
}

// Zeros and copies within the device, which are not kernels of ours.
TEST_F(RecordStep, TakesCopiesAndZeros) {
  int graphs = 0;
  for (int i = 0; i < 5; ++i) {
    graphs += run([=](Tensor& tensor, const Tensor& added) {
      Tensor first = tensor.rows(0, 2);
      first.fill_zero();
      Tensor second = tensor.rows(2, 4);
      copy(added.rows(i % 2, i % 2 + 2), second);
      ops::scale(tensor, 0.5, tensor);
    });
  }
  EXPECT_GE(graphs, 3);
}

// A step that makes memory or reads a number in its middle does as it would without being recorded.
TEST_F(RecordStep, GivesAStepDirectlyThatWaits) {
  for (int i = 0; i < 4; ++i) {
    run([=](Tensor& tensor, const Tensor& added) {
      ops::scale(tensor, 1.5, tensor);
      const double seen = values_of(tensor)[3];
      Tensor made = added.clone();
      ops::add_scaled(tensor, seen > 0 ? 0.1 : 0.2, made, tensor);
    });
  }
}

TEST_F(RecordStep, RecoversFromAnException) {
  const auto scaled = [](Tensor& tensor, const Tensor&) { ops::scale(tensor, 0.5, tensor); };
  for (int i = 0; i < 3; ++i) run(scaled);
  EXPECT_THROW(accelerator::record_step([] { throw std::runtime_error("stopped"); }), std::runtime_error);
  for (int i = 0; i < 3; ++i) run(scaled);
}

}  // namespace
}  // namespace biossl
