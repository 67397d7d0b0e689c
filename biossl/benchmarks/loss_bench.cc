#include "biossl/benchmarks/loss_bench.h"

#include "biossl/benchmarks/timing.h"
#include "biossl/ops/ops.h"
#include "biossl/recipe/components.h"

namespace biossl {

LossWork::LossWork(const Recipe& recipe, Network& network, const ViewPlan& views)
    : loss_(
          loss_factory(recipe, network, views)(network.depth() - 1, network.add_head(network.depth() - 1).features())),
      embeddings_({views.views * views.rows(recipe.train.batch), network.head(network.depth() - 1).features()},
                  network.setup().master_dtype(), network.setup().device),
      errors_(embeddings_.clone()),
      totals_({2}, DType::float64, network.setup().device) {
  // All of class 0: no loss is quicker for it.
  if (loss_->reads_labels()) context_.labels = Tensor({recipe.train.batch}, DType::int32, network.setup().device);
  ops::draw_uniform(Random(recipe.seed, Purpose::sample), 0.05F, embeddings_);
}

LossTime time_loss(const Recipe& recipe, Device device, std::int64_t repetitions) {
  check_repetitions(repetitions);
  const ViewPlan views = view_plan(recipe, image_shape(recipe));
  const auto network = make_network(recipe, views.image, device);
  LossWork work(recipe, *network, views);
  return {.batch = recipe.train.batch,
          .features = work.features(),
          .milliseconds = median_milliseconds(device, repetitions, work)};
}

std::vector<Choice> every_loss() {
  std::vector<Choice> losses;
  for (const auto& [name, entry] : LossRegistry::instance().entries()) {
    for (const Settings& variant : entry.variants) losses.push_back({name, variant});
  }
  return losses;
}

Recipe recipe_to_time(Recipe recipe, const Choice& loss) {
  recipe.loss = loss;
  if (!LossRegistry::instance().find(loss.kind).traits.compares_patches) return recipe;
  recipe.data.pretrain = "world";
  recipe.data.image_size = 64;
  recipe.views = {"patches", {}};
  return recipe;
}

}  // namespace biossl
