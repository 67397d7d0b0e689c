#include "biossl/backend/cpu/onednn.h"

#include <algorithm>

#include "biossl/backend/cpu/layer_recorder.h"
#include "biossl/backend/cpu/onednn_versions.h"
#include "biossl/backend/cpu/packed_weights.h"
#include "biossl/core/error.h"
#include "biossl/core/memory_limits.h"
#include "biossl/core/parallel.h"

namespace biossl::cpu {
namespace {

using dims = dnnl::memory::dims;
using tag = dnnl::memory::format_tag;
using data_type = dnnl::memory::data_type;

/// The active recorder, or null. Set by LayerRecorder.
thread_local std::vector<RecordedLayer>* recording = nullptr;

dnnl::stream& stream() {
  thread_local dnnl::stream stream(engine());
  return stream;
}

data_type type_of(DType dtype) {
  switch (dtype) {
    case DType::float32:
      return data_type::f32;
    case DType::bfloat16:
      return data_type::bf16;
    default:
      fail("onednn", "{} is not a type of activations on the cpu device", name_of(dtype));
  }
}

/// One scratchpad for all primitives of a thread: only one runs at a time.
std::byte* scratchpad(std::size_t bytes) {
  thread_local Tensor pad;
  if (pad.bytes() < bytes) pad = Tensor({static_cast<std::int64_t>(bytes)}, DType::uint8, Device::cpu);
  return pad.raw();
}

dnnl::primitive_attr attributes(Activation activation = Activation::none) {
  dnnl::primitive_attr attr;
  attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  dnnl::post_ops post;
  switch (activation) {
    case Activation::hardtanh:
      append_eltwise(post, dnnl::algorithm::eltwise_clip_v2, -1.0F, 1.0F);
      break;
    case Activation::tanh:
      append_eltwise(post, dnnl::algorithm::eltwise_tanh, 0.0F, 0.0F);
      break;
    case Activation::relu:
      append_eltwise(post, dnnl::algorithm::eltwise_relu, 0.0F, 0.0F);
      break;
    case Activation::none:
      break;
  }
  if (activation != Activation::none) attr.set_post_ops(post);
  return attr;
}

dims weight_extents(const Tensor& weights) {
  const Shape& shape = weights.shape();
  if (shape.rank() == 2) return {shape[0], shape[1]};
  return {shape[0], shape[3], shape[1], shape[2]};
}

/// The empty descriptor that stands for "no bias" in oneDNN.
Descriptor bias_descriptor(const Tensor& bias) { return bias.empty() ? Descriptor() : vector_descriptor(bias); }

dims strides(const Conv2d& conv) { return {conv.vertical().stride, conv.stride}; }
dims near_padding(const Conv2d& conv) { return {conv.vertical().padding, conv.padding}; }

/// The padding at the lower and right edge, which the last windows may not use in full.
dims far_padding(const Conv2d& conv, const Tensor& src, const Tensor& dst) {
  const auto along = [&](const ConvAxis& its, int axis) {
    return (dst.extent(axis) - 1) * its.stride + its.kernel - src.extent(axis) - its.padding;
  };
  return {along(conv.vertical(), 1), along(conv.horizontal(), 2)};
}

dnnl::convolution_forward::primitive_desc describe_forward(const Tensor& src, const Tensor& weights, const Tensor& bias,
                                                           const Conv2d& conv, Activation activation,
                                                           const Tensor& dst) {
  const auto prop = dnnl::prop_kind::forward_training;
  const auto algorithm = dnnl::algorithm::convolution_direct;
  const Descriptor wanted = any_weights(weights, src.dtype());
  const dims padding = far_padding(conv, src, dst);
  return describe<dnnl::convolution_forward>(engine(), attributes(activation), prop, algorithm,
                                             activation_descriptor(src), wanted, bias_descriptor(bias),
                                             activation_descriptor(dst), strides(conv), near_padding(conv), padding);
}

/// The input of a linear layer: a matrix, or (N, H, W, I) beside weights (O, H, W, I).
Descriptor linear_input(const Tensor& input, const Tensor& weights) {
  return weights.shape().rank() == 4 ? activation_descriptor(input) : matrix_descriptor(input);
}

dnnl::inner_product_forward::primitive_desc describe_linear(const Tensor& src, const Tensor& weights,
                                                            const Tensor& bias, Activation activation,
                                                            const Tensor& dst) {
  const auto prop = dnnl::prop_kind::forward_training;
  const Descriptor wanted = any_weights(weights, src.dtype());
  return describe<dnnl::inner_product_forward>(engine(), attributes(activation), prop, linear_input(src, weights),
                                               wanted, bias_descriptor(bias), matrix_descriptor(dst));
}

}  // namespace

dnnl::engine& engine() {
  static dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  return engine;
}

Descriptor activation_descriptor(const Tensor& activations) {
  const Shape& shape = activations.shape();
  return {{shape[0], shape[3], shape[1], shape[2]}, type_of(activations.dtype()), tag::nhwc};
}

Descriptor matrix_descriptor(const Tensor& matrix) {
  const Shape& shape = matrix.shape();
  return {{shape[0], shape.row_size()}, type_of(matrix.dtype()), tag::ab};
}

Descriptor vector_descriptor(const Tensor& vector) { return {{vector.size()}, type_of(vector.dtype()), tag::a}; }

Descriptor plain_weights(const Tensor& weights) {
  return {weight_extents(weights), type_of(weights.dtype()), weights.shape().rank() == 2 ? tag::ab : tag::acdb};
}

Descriptor any_weights(const Tensor& weights, DType dtype) {
  return {weight_extents(weights), type_of(dtype), tag::any};
}

Primitive::Primitive(const dnnl::primitive_desc_base& description, dnnl::primitive primitive,
                     const std::vector<std::pair<int, Descriptor>>& arguments)
    : primitive_(std::move(primitive)),
      is_layer_(primitive_.get_kind() != dnnl::primitive::kind::reorder &&
                primitive_.get_kind() != dnnl::primitive::kind::matmul) {
  for (const auto& [argument, descriptor] : arguments) {
    descriptors_.emplace(argument, descriptor);
    arguments_.emplace(argument, dnnl::memory(descriptor, engine(), nullptr));
  }
  require_memory_for_libraries();  // for the next one: oneDNN does not check that its kernels got memory
  const Descriptor pad = description.scratchpad_desc();
  scratchpad_bytes_ = pad.get_size();
  if (scratchpad_bytes_ == 0) return;
  arguments_.emplace(DNNL_ARG_SCRATCHPAD, dnnl::memory(pad, engine(), nullptr));
  scratchpad(scratchpad_bytes_);  // grown now, not in the loop
}

std::vector<std::pair<int, void*>> Primitive::bound() const {
  std::vector<std::pair<int, void*>> memory;
  for (const auto& [argument, bound] : arguments_) memory.emplace_back(argument, bound.get_data_handle());
  return memory;
}

void Primitive::run() {
  if (scratchpad_bytes_ > 0) bind(DNNL_ARG_SCRATCHPAD, scratchpad(scratchpad_bytes_));
  primitive_.execute(stream(), arguments_);
  stream().wait();
  if (recording != nullptr && is_layer_) recording->push_back({this, bound()});
}

std::unique_ptr<Primitive> make_convolution_forward(const Tensor& src, const Tensor& weights, const Tensor& bias,
                                                    const Conv2d& conv, Activation activation, const Tensor& dst) {
  const auto description = describe_forward(src, weights, bias, conv, activation, dst);
  std::vector<std::pair<int, Descriptor>> arguments{{DNNL_ARG_SRC, description.src_desc()},
                                                    {DNNL_ARG_WEIGHTS, description.weights_desc()},
                                                    {DNNL_ARG_DST, description.dst_desc()}};
  if (!bias.empty()) arguments.emplace_back(DNNL_ARG_BIAS, description.bias_desc());
  return std::make_unique<Primitive>(description, dnnl::convolution_forward(description), arguments);
}

std::unique_ptr<Primitive> make_convolution_backward_data(const Tensor& d_dst, const Tensor& weights,
                                                          const Conv2d& conv, const Tensor& d_src) {
  const auto hint = describe_forward(d_src, weights, {}, conv, Activation::none, d_dst);
  const auto description = describe_backward<dnnl::convolution_backward_data>(
      engine(), attributes(), hint, dnnl::algorithm::convolution_direct, activation_descriptor(d_src),
      any_weights(weights, d_dst.dtype()), activation_descriptor(d_dst), strides(conv), near_padding(conv),
      far_padding(conv, d_src, d_dst));
  return std::make_unique<Primitive>(
      description, dnnl::convolution_backward_data(description),
      std::vector<std::pair<int, Descriptor>>{{DNNL_ARG_DIFF_SRC, description.diff_src_desc()},
                                              {DNNL_ARG_WEIGHTS, description.weights_desc()},
                                              {DNNL_ARG_DIFF_DST, description.diff_dst_desc()}});
}

std::unique_ptr<Primitive> make_convolution_backward_weights(const Tensor& src, const Tensor& d_dst, const Conv2d& conv,
                                                             const Tensor& d_weights, const Tensor& d_bias) {
  const auto algorithm = dnnl::algorithm::convolution_direct;
  const auto hint = describe_forward(src, d_weights, d_bias, conv, Activation::none, d_dst);
  const auto description = describe_backward<dnnl::convolution_backward_weights>(
      engine(), attributes(), hint, algorithm, activation_descriptor(src), any_weights(d_weights, d_weights.dtype()),
      bias_descriptor(d_bias), activation_descriptor(d_dst), strides(conv), near_padding(conv),
      far_padding(conv, src, d_dst));
  std::vector<std::pair<int, Descriptor>> arguments{{DNNL_ARG_SRC, description.src_desc()},
                                                    {DNNL_ARG_DIFF_WEIGHTS, description.diff_weights_desc()},
                                                    {DNNL_ARG_DIFF_DST, description.diff_dst_desc()}};
  if (!d_bias.empty()) arguments.emplace_back(DNNL_ARG_DIFF_BIAS, description.diff_bias_desc());
  return std::make_unique<Primitive>(description, dnnl::convolution_backward_weights(description), arguments);
}

std::unique_ptr<Primitive> make_linear_forward(const Tensor& src, const Tensor& weights, const Tensor& bias,
                                               Activation activation, const Tensor& dst) {
  const auto description = describe_linear(src, weights, bias, activation, dst);
  std::vector<std::pair<int, Descriptor>> arguments{{DNNL_ARG_SRC, description.src_desc()},
                                                    {DNNL_ARG_WEIGHTS, description.weights_desc()},
                                                    {DNNL_ARG_DST, description.dst_desc()}};
  if (!bias.empty()) arguments.emplace_back(DNNL_ARG_BIAS, description.bias_desc());
  return std::make_unique<Primitive>(description, dnnl::inner_product_forward(description), arguments);
}

std::unique_ptr<Primitive> make_linear_backward_data(const Tensor& d_dst, const Tensor& weights, const Tensor& d_src) {
  const auto hint = describe_linear(d_src, weights, {}, Activation::none, d_dst);
  const auto description = describe_backward<dnnl::inner_product_backward_data>(
      engine(), attributes(), hint, linear_input(d_src, weights), any_weights(weights, d_dst.dtype()),
      matrix_descriptor(d_dst));
  return std::make_unique<Primitive>(
      description, dnnl::inner_product_backward_data(description),
      std::vector<std::pair<int, Descriptor>>{{DNNL_ARG_DIFF_SRC, description.diff_src_desc()},
                                              {DNNL_ARG_WEIGHTS, description.weights_desc()},
                                              {DNNL_ARG_DIFF_DST, description.diff_dst_desc()}});
}

std::unique_ptr<Primitive> make_linear_backward_weights(const Tensor& src, const Tensor& d_dst, const Tensor& d_weights,
                                                        const Tensor& d_bias) {
  const auto hint = describe_linear(src, d_weights, d_bias, Activation::none, d_dst);
  const auto description = describe_backward<dnnl::inner_product_backward_weights>(
      engine(), attributes(), hint, linear_input(src, d_weights), any_weights(d_weights, d_weights.dtype()),
      bias_descriptor(d_bias), matrix_descriptor(d_dst));
  std::vector<std::pair<int, Descriptor>> arguments{{DNNL_ARG_SRC, description.src_desc()},
                                                    {DNNL_ARG_DIFF_WEIGHTS, description.diff_weights_desc()},
                                                    {DNNL_ARG_DIFF_DST, description.diff_dst_desc()}};
  if (!d_bias.empty()) arguments.emplace_back(DNNL_ARG_DIFF_BIAS, description.diff_bias_desc());
  return std::make_unique<Primitive>(description, dnnl::inner_product_backward_weights(description), arguments);
}

std::unique_ptr<Primitive> make_matrix_product(const Tensor& a, bool transposed_a, const Tensor& b, bool transposed_b,
                                               const Tensor& c) {
  const auto factor = [](const Tensor& matrix, bool transposed) {
    const Shape& shape = matrix.shape();
    return transposed ? Descriptor({shape[1], shape[0]}, type_of(matrix.dtype()), tag::ba)
                      : Descriptor({shape[0], shape[1]}, type_of(matrix.dtype()), tag::ab);
  };
  const auto description = describe<dnnl::matmul>(engine(), attributes(), factor(a, transposed_a),
                                                  factor(b, transposed_b), factor(c, false));
  return std::make_unique<Primitive>(
      description, dnnl::matmul(description),
      std::vector<std::pair<int, Descriptor>>{{DNNL_ARG_SRC, description.src_desc()},
                                              {DNNL_ARG_WEIGHTS, description.weights_desc()},
                                              {DNNL_ARG_DST, description.dst_desc()}});
}

PrimitiveKey key_of(std::initializer_list<const Tensor*> tensors, std::initializer_list<std::int64_t> settings) {
  PrimitiveKey key{};
  auto place = key.begin();
  const auto add = [&](std::int64_t value) { *place++ = value; };
  for (const Tensor* tensor : tensors) {
    const Shape& shape = tensor->shape();
    add(tensor->empty() ? -1 : static_cast<std::int64_t>(tensor->dtype()));
    add(shape.rank());
    for (int axis = 0; axis < shape.rank(); ++axis) add(shape[axis]);
  }
  for (const std::int64_t setting : settings) add(setting);
  add(threads());
  return key;
}

namespace {

std::unique_ptr<Primitive> make_reorder(const Descriptor& from, const Descriptor& to) {
  const dnnl::reorder::primitive_desc description(engine(), from, engine(), to, attributes());
  return std::make_unique<Primitive>(description, dnnl::reorder(description),
                                     std::vector<std::pair<int, Descriptor>>{{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}});
}

Tensor buffer_for(const Descriptor& descriptor) {
  return {{static_cast<std::int64_t>(descriptor.get_size())}, DType::uint8, Device::cpu};
}

}  // namespace

PackedWeights& packed_weights(const Weights& weights) {
  if (!weights.packed()) weights.packed() = std::make_unique<PackedWeights>();
  return static_cast<PackedWeights&>(*weights.packed());
}

void* laid_out(const Weights& weights, const Descriptor& wanted) {
  const Descriptor plain = plain_weights(weights.values());
  if (wanted == plain) return weights.values().raw();
  auto& layouts = packed_weights(weights).layouts;
  auto found = std::find_if(layouts.begin(), layouts.end(), [&](const auto& l) { return l.descriptor == wanted; });
  if (found == layouts.end()) {
    layouts.push_back({wanted, make_reorder(plain, wanted), {buffer_for(wanted), 0}});
    found = layouts.end() - 1;
  }
  WeightCopy& copy = found->copy;
  if (copy.version != weights.version()) {
    found->reorder->bind(DNNL_ARG_FROM, weights.values().raw());
    found->reorder->bind(DNNL_ARG_TO, copy.buffer.raw());
    found->reorder->run();
    copy.version = weights.version();
  }
  return copy.buffer.raw();
}

UpdatePrimitive::UpdatePrimitive(std::unique_ptr<Primitive> primitive, const Tensor& d_weights)
    : primitive_(std::move(primitive)) {
  const Descriptor& chosen = primitive_->descriptor(DNNL_ARG_DIFF_WEIGHTS);
  const Descriptor plain = plain_weights(d_weights);
  if (chosen == plain) return;
  buffer_ = buffer_for(chosen);
  reorder_ = make_reorder(chosen, plain);
}

void UpdatePrimitive::run(const Tensor& src, const Tensor& d_dst, Tensor& d_weights, Tensor& d_bias) {
  primitive_->bind(DNNL_ARG_SRC, src.raw());
  primitive_->bind(DNNL_ARG_DIFF_DST, d_dst.raw());
  primitive_->bind(DNNL_ARG_DIFF_WEIGHTS, reorder_ ? buffer_.raw() : d_weights.raw());
  if (!d_bias.empty()) primitive_->bind(DNNL_ARG_DIFF_BIAS, d_bias.raw());
  primitive_->run();
  if (!reorder_) return;
  reorder_->bind(DNNL_ARG_FROM, buffer_.raw());
  reorder_->bind(DNNL_ARG_TO, d_weights.raw());
  reorder_->run();
}

bool LayerRecorder::recording() { return cpu::recording != nullptr; }

LayerRecorder::LayerRecorder() { cpu::recording = &layers_; }

LayerRecorder::~LayerRecorder() { stop(); }

void LayerRecorder::stop() {
  if (cpu::recording == &layers_) cpu::recording = nullptr;
}

void LayerRecorder::replay() const {
  check(cpu::recording != &layers_, "layer_recorder", "stop() must come before replay()");
  for (const RecordedLayer& layer : layers_) {
    for (const auto& [argument, memory] : layer.memory) layer.primitive->bind(argument, memory);
    layer.primitive->run();
  }
}

}  // namespace biossl::cpu
