#include "biossl/ops/types.h"

#include "biossl/core/error.h"
#include "biossl/core/text.h"

namespace biossl {

std::string_view name_of(Activation activation) {
  switch (activation) {
    case Activation::none:
      return "none";
    case Activation::hardtanh:
      return "hardtanh";
    case Activation::tanh:
      return "tanh";
    case Activation::relu:
      return "relu";
  }
  return "?";
}

Activation activation_named(std::string_view name) {
  std::vector<std::string> known;
  for (const Activation activation : {Activation::none, Activation::hardtanh, Activation::tanh, Activation::relu}) {
    if (name == name_of(activation)) return activation;
    known.emplace_back(name_of(activation));
  }
  fail("activation", "there is no activation '{}'{}", name, suggestion(name, known));
}

}  // namespace biossl
