#pragma once

#include <nanobind/nanobind.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "biossl/network/convolution_block.h"
#include "biossl/network/linear_synapses.h"
#include "biossl/network/parameters.h"
#include "src/components/borrowed.h"
#include "src/components/python_component.h"

namespace biossl::python {

namespace nb = nanobind;

/// Something that learns within a block or head in Python.
class InnerLayer {
 public:
  explicit InnerLayer(std::string name) : name_(std::move(name)) {}
  InnerLayer(const InnerLayer&) = delete;
  InnerLayer& operator=(const InnerLayer&) = delete;
  virtual ~InnerLayer() = default;

  const std::string& name() const { return name_; }
  virtual std::int64_t parameters() const = 0;
  virtual std::int64_t operations() const { return 0; }
  virtual void each_layer(const std::string& /*name*/, const LayerVisitor& /*visit*/) {}
  virtual State state(const std::string& name, bool learning) = 0;
  virtual void restored() = 0;

 private:
  std::string name_;
};

using InnerLayers = std::vector<std::shared_ptr<InnerLayer>>;

/// A linear layer with a feedback path.
class InnerLinear final : public InnerLayer {
 public:
  InnerLinear(std::string name, const SynapsesSetup& setup, const Shape& map, std::int64_t outputs, bool bias,
              std::uint32_t index)
      : InnerLayer(std::move(name)),
        dtype_(setup.dtype),
        master_(setup.master_dtype()),
        map_(map),
        synapses_(setup, map, outputs, bias, index) {}

  /// pre (N, C, H, W) or (N, C H W): bias + W pre, (N, outputs).
  Tensor forward(nb::handle pre);
  /// F^T error, (N, C, H, W).
  Tensor send_back(nb::handle error);
  void learn(nb::handle pre, nb::handle error, const Borrowed<UpdateOptions>& options);

  std::int64_t parameters() const override { return synapses_.parameters(); }
  std::int64_t operations() const override { return 2 * parameters(); }
  void each_layer(const std::string& name, const LayerVisitor& visit) override { visit(name, synapses_); }
  State state(const std::string& name, bool learning) override { return synapses_.state(name + ".", learning); }
  void restored() override { synapses_.restored(); }

 private:
  Tensor input(nb::handle pre) const;

  DType dtype_, master_;
  Shape map_;
  LinearSynapses synapses_;
};

/// A convolution with its nonlinearity and feedback path, without a pool.
class InnerConvolution final : public InnerLayer {
 public:
  InnerConvolution(std::string name, const ConvolutionOptions& options, const BlockSetup& setup)
      : InnerLayer(std::move(name)), dtype_(setup.synapses.dtype), block_(options, setup) {}

  const Shape& output_map() const { return block_.plan().output; }
  Tensor forward(nb::handle pre);
  /// From pre, what forward made of it and the error of that: the error of pre, or with sends = false nothing. Comes
  /// before learn.
  Tensor backward(nb::handle pre, nb::handle post, nb::handle error, bool sends);
  void learn(const Borrowed<UpdateOptions>& options);

  std::int64_t parameters() const override { return block_.plan().parameters; }
  std::int64_t operations() const override { return block_.plan().operations; }
  void each_layer(const std::string& name, const LayerVisitor& visit) override { block_.each_layer(name, visit); }
  State state(const std::string& name, bool learning) override { return block_.state(name, learning); }
  void restored() override { block_.restored(); }

 private:
  DType dtype_;
  ConvolutionBlock block_;
  BlockStep step_{.input = {}, .activity = {}, .error = {}, .scratch = {}};
};

/// Numbers that learn and are no connections.
class InnerParameters final : public InnerLayer {
 public:
  InnerParameters(std::string name, const SynapsesSetup& setup, std::int64_t count)
      : InnerLayer(std::move(name)), numbers_(setup, count) {}

  const Tensor& values() const { return numbers_.values(); }
  /// update: the derivative of the loss by the values.
  void learn(nb::handle update, const Borrowed<UpdateOptions>& options);

  std::int64_t parameters() const override { return numbers_.count(); }
  State state(const std::string& name, bool learning) override { return numbers_.state(name + ".", learning); }
  void restored() override { numbers_.restored(); }

 private:
  Parameters numbers_;
};

/// A map (H, W, C) as Python names it: (C, H, W), and back.
nb::tuple shown_map(const Shape& map);
Shape map_of(nb::handle shown);

/// Throws std::runtime_error, which names the owner, where numbers that it made are not finite, while those that it was
/// given and the weights of its layers are. A network that has diverged is told elsewhere.
void require_finite(const std::string& owner, std::string_view what, const Tensor& made, std::vector<Tensor> given,
                    const InnerLayers& layers = {});

/// What a component that is written in Python does with its layers: visits them; their state and its own, under names
/// that begin with `name`; tells them that the state has been written.
void each_layer_of(const InnerLayers& layers, const std::string& name, const LayerVisitor& visit);
State state_of(const InnerLayers& layers, const PythonComponent& component, const std::string& name, bool learning);
void restore(const InnerLayers& layers, const PythonComponent& component);

}  // namespace biossl::python
