#include "biossl/recipe/component_kinds.h"

#include "biossl/data/views.h"
#include "biossl/feedback/feedback.h"
#include "biossl/losses/loss.h"
#include "biossl/network/block.h"
#include "biossl/network/head.h"
#include "biossl/network/spec.h"
#include "biossl/optim/optimizer.h"
#include "biossl/rules/rule.h"

namespace biossl {
namespace {

template <class RegistryType>
std::vector<NamedComponent> registered() {
  std::vector<NamedComponent> components;
  for (const auto& [name, entry] : RegistryType::instance().entries()) {
    components.push_back({name, entry.summary, entry.fields});
  }
  return components;
}

std::vector<NamedComponent> presets() {
  std::vector<NamedComponent> components;
  for (const std::string& name : preset_names()) components.push_back({name, std::string(preset_summary(name)), {}});
  return components;
}

}  // namespace

std::vector<ComponentKind> component_kinds() {
  return {{"data sets", {"data.pretrain", "data.probe"}, registered<DatasetRegistry>()},
          {"views", {"views.kind"}, registered<ViewsRegistry>()},
          {"networks", {"network.preset"}, presets()},
          {"blocks", {"network.blocks.kind"}, registered<BlockRegistry>()},
          {"heads", {"network.head.kind"}, registered<HeadRegistry>()},
          {"losses", {"loss.kind"}, registered<LossRegistry>()},
          {"learning rules", {"rule.kind"}, registered<RuleRegistry>()},
          {"feedback paths", {"rule.feedback"}, registered<FeedbackRegistry>()},
          {"optimisers", {"train.optimizer"}, registered<OptimizerRegistry>()}};
}

}  // namespace biossl
