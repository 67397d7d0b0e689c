#pragma once

#include <memory>
#include <string>
#include <vector>

#include "biossl/core/state.h"
#include "biossl/network/synapses_setup.h"
#include "biossl/network/updatable.h"
#include "biossl/network/update_options.h"

namespace biossl {

/// Numbers that learn, in one piece: values, their update, the optimiser's state, and the number of steps taken. A
/// block or head whose numbers are no connections (a scale, a shift) has them in such an object.
class Parameters : public Updatable {
 public:
  /// `count` zeros of the master type.
  Parameters(const SynapsesSetup& setup, std::int64_t count);

  std::int64_t count() const { return step_.values.size(); }
  const Tensor& values() const { return step_.values; }
  /// The derivative of the loss by the values, to be written before apply().
  const Tensor& update() const { return step_.update; }
  /// Steps taken so far.
  std::int64_t steps() const { return *steps_.data<std::int32_t>(); }

  /// Has the update applied, at once or from a queue, unless the batch has further micro-batches.
  void apply(const UpdateOptions& options);
  const Optimizer& optimizer() const override { return *optimizer_; }
  ParameterStep& begin_update(double learning_rate) override;
  void end_update() override {}

  /// Values; with `learning`, optimiser state too. Names start with the prefix.
  virtual State state(const std::string& prefix, bool learning);
  /// Called after the state has been written from outside.
  virtual void restored() {}

 protected:
  ParameterStep step_;
  Tensor steps_;  // one number, on the host

 private:
  std::shared_ptr<const Optimizer> optimizer_;
};

}  // namespace biossl
