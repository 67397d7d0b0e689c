#pragma once

#include <nanobind/nanobind.h>

#include <cmath>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "biossl/network/slow_copy.h"
#include "biossl/network/unit_rates.h"
#include "biossl/rules/block_range.h"
#include "biossl/rules/convolution_pass.h"
#include "biossl/rules/direct_feedback.h"
#include "biossl/rules/encoder_pass.h"
#include "biossl/rules/layerwise.h"
#include "biossl/rules/rule.h"
#include "src/lock.h"

namespace biossl::python {

namespace nb = nanobind;

/// Loss and number of active rows of a batch.
using Totals = std::pair<double, double>;

/// A block's index; -1 is the last, as in a list. Throws std::invalid_argument where there is no such block.
int block_number(const Network& network, int block, std::string_view what);

/// What a rule in Python is made of. The state of its parts is kept with the rule's.
class RulePart {
 public:
  RulePart() = default;
  RulePart(const RulePart&) = delete;
  RulePart& operator=(const RulePart&) = delete;
  virtual ~RulePart() = default;

  virtual State state() { return {}; }
  virtual void restored() {}
  void belongs_to(const std::string& rule) { rule_ = rule; }
  /// Whether the loss that it computed last is finite.
  bool is_finite() const { return is_finite_; }

 protected:
  /// Throws std::runtime_error, which names the rule, where it gave a method an array of its own making that is not
  /// finite, while what it had to make it of is.
  void require_finite_array(nb::handle given, std::string_view method, const Tensor& numbers,
                            std::vector<Tensor> had) const;
  /// Calls work(totals) without the lock of the interpreter.
  template <class Work>
  Totals totals_of(const Work& work) {
    Tensor totals({2}, DType::float64, Device::cpu);
    const Unlocked unlocked;
    work(totals);
    is_finite_ = std::isfinite(totals.data<double>()[0]);
    return {totals.data<double>()[0], totals.data<double>()[1]};
  }

 private:
  std::string rule_;
  bool is_finite_ = true;
};

/// The parts of one rule, and the updates of a step that wait for its end.
struct RuleParts {
  std::vector<std::shared_ptr<RulePart>> all;
  UpdateQueue updates;
};

/// Neighbouring blocks under one head, and one loss.
class RangePart final : public RulePart {
 public:
  RangePart(const RuleSetup& setup, const LossFactory& loss, int first, int last);

  Totals step(const Tensor& images, const StepContext& context);
  State state() override { return range_.state(); }
  void restored() override { range_.loss().restored(); }

 private:
  BlockRange range_;
};

/// Every block under a head of its own.
class LayerwisePart final : public RulePart {
 public:
  explicit LayerwisePart(const RuleSetup& setup) : blocks_(setup) {}

  Totals step(int block, const Tensor& images, const StepContext& context);
  State state() override { return blocks_.state(); }
  void restored() override { blocks_.restored(); }

 private:
  LayerwiseBlocks blocks_;
};

/// Direct feedback alignment, whose broadcast a function of arrays may change.
class DirectFeedbackPart final : public RulePart {
 public:
  DirectFeedbackPart(const RuleSetup& setup, nb::object transform);

  Totals step(const Tensor& images, const StepContext& context);
  State state() override;
  void restored() override;

 private:
  std::unique_ptr<DirectFeedback> rule_;
};

/// A second network that follows the first.
class SlowCopyPart final : public RulePart {
 public:
  SlowCopyPart(const RuleSetup& setup, int block, double momentum);

  Tensor embeddings(const Tensor& images);
  void follow();
  State state() override { return copy_.state(); }
  void restored() override { copy_.restored(); }

 private:
  SlowCopy copy_;
};

/// A head: one of the network's blocks, or one of the rule's own on vectors (N, D).
class HeadPart final : public RulePart {
 public:
  /// name: under which its state is kept, where it is the rule's own.
  HeadPart(Head& head, const Shape& map, const RuleSetup& setup, UpdateQueue& updates);
  HeadPart(std::unique_ptr<Head> head, std::string name, const Shape& map, const RuleSetup& setup,
           UpdateQueue& updates);

  std::int64_t features() const { return head_.features(); }
  /// The embeddings of activity (N, C, H, W) or (N, D); they live until the next call.
  Tensor forward(nb::handle activity);
  /// Takes the errors of the last rows of these embeddings to the head's layers, which learn, and to its input.
  Tensor backward(nb::handle errors, double learning_rate);
  State state() override;
  void restored() override;

 private:
  void prepare(const RuleSetup& setup);

  std::unique_ptr<Head> own_;
  Head& head_;
  std::string name_;
  Shape map_;
  DType dtype_;
  UpdateQueue& updates_;
  Tensor input_, embeddings_, error_input_;
};

/// The recipe's loss for the head of a block.
class LossPart final : public RulePart {
 public:
  LossPart(const RuleSetup& setup, int block);

  bool stops_gradient() const { return loss_->stops_gradient(); }
  /// (errors of the embeddings, loss, active rows)
  std::pair<Tensor, Totals> evaluate(nb::handle embeddings, StepContext context);
  State state() override;
  void restored() override { loss_->restored(); }

 private:
  int block_;
  std::unique_ptr<Loss> loss_;
  Shape shape_;
  DType dtype_;
};

/// One forward pass through the encoder, which keeps what every block needs to learn from it.
class PassPart final : public RulePart {
 public:
  PassPart(const RuleSetup& setup, UpdateQueue& updates);

  void run(const Tensor& images);
  Tensor input(int block) const { return pass_.input(block_number(network_, block, "rule")); }
  Tensor output(int block) const { return pass_.output(block_number(network_, block, "rule")); }
  /// Takes the error of a block's last rows to its layers, which learn, and with `sends` to its input; otherwise the
  /// result is empty. It lives until the second next call.
  Tensor backward(int block, nb::handle error, double learning_rate, bool sends);

 private:
  Network& network_;
  EncoderPass pass_;
  UpdateQueue& updates_;
  std::array<Tensor, 2> sent_;  // flat
  int calls_ = 0;
};

/// The convolutions of an encoder that learn without an error from above.
class ConvolutionsPart final : public RulePart {
 public:
  ConvolutionsPart(const std::string& rule, const RuleSetup& setup, UpdateQueue& updates);

  void run(const Tensor& images);
  std::size_t count() const { return pass_.layers().size(); }
  const ConvolutionLayer& layer(std::size_t number) const { return pass_.layers().at(number); }
  Tensor input(std::size_t number) const { return pass_.input(layer(number)); }
  Tensor drive(std::size_t number, nb::handle pre) const;
  /// As Synapses::learn; rate_power: of UnitRates, or none.
  void learn(std::size_t number, nb::handle pre, nb::handle error, double learning_rate, const nb::object& unit_decay,
             const nb::object& rate_power);

 private:
  DType dtype_, master_;
  ConvolutionPass pass_;
  UpdateQueue& updates_;
  std::vector<std::unique_ptr<UnitRates>> rates_;  // by layer; null until they are asked for
};

}  // namespace biossl::python
