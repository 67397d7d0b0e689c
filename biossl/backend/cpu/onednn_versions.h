#pragma once

#include <dnnl.hpp>

// All that differs between oneDNN 2.6 and 3.x in what biossl uses of it.
namespace biossl::cpu {

#if DNNL_VERSION_MAJOR < 3

/// What an `Operation` that runs forward is to do: its own arguments, in oneDNN's order.
template <class Operation, class... Arguments>
typename Operation::primitive_desc describe(const dnnl::engine& engine, const dnnl::primitive_attr& attributes,
                                            const Arguments&... arguments) {
  return {typename Operation::desc(arguments...), attributes, engine};
}

/// The same of one that runs backward. `forward` describes what it goes back through.
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
