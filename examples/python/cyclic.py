"""A learning rule of one's own: who learns when."""

import biossl


@biossl.register("cyclic_python", "layer-wise in turns: with every batch the next block learns under a head of its own")
class Cyclic(biossl.LearningRule):
    """With every batch one block, under a head of its own, learns on what the blocks below, as they are now, make of
    the images; with the next batch its neighbour does. No error crosses from one block to another."""

    top_first: bool = biossl.option(True, "whether turns pass from the top block down, or from the bottom up")

    micro_batches = True

    def start(self, setup):
        self.depth, self.blocks = setup.depth, setup.layerwise()
        self.epochs = setup.epochs

    def step(self, images, context):
        turn = (context.epoch + context.batch) % self.depth  # told by the context alone, so the rule has no state
        return self.blocks.step(self.depth - 1 - turn if self.top_first else turn, images, context)

    def total_epochs(self):
        return self.epochs * self.depth

    def sample_epochs(self):
        return range(self.depth)
