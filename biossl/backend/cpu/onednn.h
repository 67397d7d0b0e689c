#pragma once

#include <array>
#include <cstdint>
#include <dnnl.hpp>
#include <map>
#include <memory>
#include <unordered_map>
#include <vector>

#include "biossl/core/tensor.h"
#include "biossl/ops/types.h"
#include "biossl/ops/weights.h"

// oneDNN for the convolution and linear operations. onednn_versions.h holds the differences between its versions.
namespace biossl::cpu {

using Descriptor = dnnl::memory::desc;

/// One for all threads: what a thread has made, such as the copies of weights, another one may use after it.
dnnl::engine& engine();

/// Descriptors of biossl's tensors. Logical order N, C, H, W and O, I, H, W, as in oneDNN; physical order NHWC and
/// OHWI.
Descriptor activation_descriptor(const Tensor& activations);
Descriptor matrix_descriptor(const Tensor& matrix);
Descriptor vector_descriptor(const Tensor& vector);
/// Weights (O, H, W, I) or (O, I), float32, in biossl's layout.
Descriptor plain_weights(const Tensor& weights);
/// The same extents; the primitive chooses the layout.
Descriptor any_weights(const Tensor& weights, DType dtype);

/// A primitive for fixed shapes and types, with its memory objects. The primitive chooses the layout of its weights.
class Primitive {
 public:
  /// description: a primitive descriptor made with a user scratchpad; arguments: the descriptor of each argument.
  Primitive(const dnnl::primitive_desc_base& description, dnnl::primitive primitive,
            const std::vector<std::pair<int, Descriptor>>& arguments);

  const Descriptor& descriptor(int argument) const { return descriptors_.at(argument); }
  /// The memory of each argument.
  std::vector<std::pair<int, void*>> bound() const;
  void bind(int argument, void* data) { arguments_.at(argument).set_data_handle(data); }
  void run();

 private:
  dnnl::primitive primitive_;
  std::unordered_map<int, Descriptor> descriptors_;
  std::unordered_map<int, dnnl::memory> arguments_;
  std::size_t scratchpad_bytes_;
  bool is_layer_;  // not a change of layout or a loss's product; LayerRecorder counts layers only
};

std::unique_ptr<Primitive> make_convolution_forward(const Tensor& src, const Tensor& weights, const Tensor& bias,
                                                    const Conv2d& conv, Activation activation, const Tensor& dst);
std::unique_ptr<Primitive> make_convolution_backward_data(const Tensor& d_dst, const Tensor& weights,
                                                          const Conv2d& conv, const Tensor& d_src);
std::unique_ptr<Primitive> make_convolution_backward_weights(const Tensor& src, const Tensor& d_dst, const Conv2d& conv,
                                                             const Tensor& d_weights, const Tensor& d_bias);
std::unique_ptr<Primitive> make_linear_forward(const Tensor& src, const Tensor& weights, const Tensor& bias,
                                               Activation activation, const Tensor& dst);
std::unique_ptr<Primitive> make_linear_backward_data(const Tensor& d_dst, const Tensor& weights, const Tensor& d_src);
std::unique_ptr<Primitive> make_linear_backward_weights(const Tensor& src, const Tensor& d_dst, const Tensor& d_weights,
                                                        const Tensor& d_bias);
/// c = a b, each factor transposed on request. LayerRecorder does not count it.
std::unique_ptr<Primitive> make_matrix_product(const Tensor& a, bool transposed_a, const Tensor& b, bool transposed_b,
                                               const Tensor& c);

/// Identifies a primitive: extents, types, settings, threads.
using PrimitiveKey = std::array<std::int64_t, 32>;
PrimitiveKey key_of(std::initializer_list<const Tensor*> tensors, std::initializer_list<std::int64_t> settings);

/// The primitives of one operation, each made when its key first appears. One cache per thread, because a primitive may
/// not run twice at once.
template <class Made = Primitive>
class PrimitiveCache {
 public:
  template <class Make>
  Made& get(const PrimitiveKey& key, const Make& make) {
    std::unique_ptr<Made>& place = primitives_[key];
    if (!place) place = make();
    return *place;
  }

 private:
  std::map<PrimitiveKey, std::unique_ptr<Made>> primitives_;
};

/// The weights in the wanted layout and type: the values themselves if they match, otherwise a copy that is kept with
/// the weights and made again after each change.
void* laid_out(const Weights& weights, const Descriptor& wanted);

/// A primitive that computes a weight update in a layout of its choice; `run` converts it to biossl's layout.
class UpdatePrimitive {
 public:
  UpdatePrimitive(std::unique_ptr<Primitive> primitive, const Tensor& d_weights);

  void run(const Tensor& src, const Tensor& d_dst, Tensor& d_weights, Tensor& d_bias);

 private:
  std::unique_ptr<Primitive> primitive_;
  Tensor buffer_;                       // the update in the primitive's layout; empty if that is biossl's
  std::unique_ptr<Primitive> reorder_;  // null if buffer_ is empty
};

using UpdateCache = PrimitiveCache<UpdatePrimitive>;

}  // namespace biossl::cpu
