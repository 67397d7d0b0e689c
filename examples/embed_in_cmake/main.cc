#include <fmt/format.h>

#include <cstdio>
#include <exception>

#include "biossl/training/trainer.h"

constexpr const char* recipe_text = R"(
data.pretrain   = "world"
data.images     = 60
data.image_size = 16
views.kind      = "moments"
network.blocks  = [{channels = 16, pool = 2, activation = "relu"}, {channels = 32, pool = 2, activation = "relu"}]
loss.kind       = "vicreg"
train.epochs    = 1
train.batch     = 20
)";

// Takes three steps on the built-in world and prints the loss.
int main() try {
  const biossl::Recipe recipe = biossl::parse_recipe(recipe_text, "main.cc");
  biossl::Trainer trainer(recipe, {.data = {}, .device = biossl::Device::cpu});
  trainer.start_epoch(0);
  double before = 0;
  for (std::int64_t batch = 0; batch < trainer.batches(); ++batch) {
    trainer.take_step(batch);
    fmt::print("step {}: loss {:.4f}\n", batch + 1, trainer.total_loss() - before);
    before = trainer.total_loss();
  }
  return 0;
} catch (const std::exception& error) {
  fmt::print(stderr, "embed: {}\n", error.what());
  return 1;
}
