#pragma once

#include <dnnl.hpp>

// All differences between oneDNN 2.6 and 3.x that matter to biossl.
namespace biossl::cpu {

#if DNNL_VERSION_MAJOR < 3

/// The primitive descriptor of a forward `Operation`; arguments in oneDNN's order.
template <class Operation, class... Arguments>
typename Operation::primitive_desc describe(const dnnl::engine& engine, const dnnl::primitive_attr& attributes,
                                            const Arguments&... arguments) {
  return {typename Operation::desc(arguments...), attributes, engine};
}

/// The same for a backward operation; `forward` is the descriptor of its forward operation.
template <class Operation, class Forward, class... Arguments>
typename Operation::primitive_desc describe_backward(const dnnl::engine& engine, const dnnl::primitive_attr& attributes,
                                                     const Forward& forward, const Arguments&... arguments) {
  return {typename Operation::desc(arguments...), attributes, engine, forward};
}

inline void append_eltwise(dnnl::post_ops& operations, dnnl::algorithm algorithm, float alpha, float beta) {
  operations.append_eltwise(1.0F, algorithm, alpha, beta);
}

#else

template <class Operation, class... Arguments>
typename Operation::primitive_desc describe(const dnnl::engine& engine, const dnnl::primitive_attr& attributes,
                                            const Arguments&... arguments) {
  return {engine, arguments..., attributes};
}

template <class Operation, class Forward, class... Arguments>
typename Operation::primitive_desc describe_backward(const dnnl::engine& engine, const dnnl::primitive_attr& attributes,
                                                     const Forward& forward, const Arguments&... arguments) {
  return {engine, arguments..., forward, attributes};
}

inline void append_eltwise(dnnl::post_ops& operations, dnnl::algorithm algorithm, float alpha, float beta) {
  operations.append_eltwise(algorithm, alpha, beta);
}

#endif

}  // namespace biossl::cpu
