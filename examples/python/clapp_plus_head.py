"""A head that reads the top block's output: CLAPP++, Wu et al. 2026. For the rule "local"."""

import numpy as np

import biossl


@biossl.register("clapp_plus_python", "z and B c: the block's pooled output beside a prediction from the top block's")
class ClappPlusHead(biossl.Head):
    """With z a block's pooled output and c the context for the other view, an embedding is z and B c, one behind the
    other. No error returns to the context."""

    tiles: int = biossl.option(1, "outputs are averaged in tiles x tiles squares and flattened")
    broadcast: bool = biossl.option(True, "the context is the top block's output; false: the block's own (lateral)")

    embeds_single_images = False

    def start(self, setup):
        self.top = len(setup.maps) - 1 if self.broadcast else setup.block
        self.reads_blocks = [self.top]
        self.own, context = self.pooled_map(setup.map), self.pooled_map(setup.maps[self.top])
        self.size = int(np.prod(self.own))
        self.features, self.layer = 2 * self.size, setup.linear(self.size, inputs=context)

    def window(self, map):
        return max(map[1] // self.tiles, 1)

    def pooled_map(self, map):
        return map[0], map[1] // self.window(map), map[2] // self.window(map)

    def pooled(self, x):
        n, c, w = len(x), x.shape[1], self.window(x.shape[1:])
        rows, columns = x.shape[2] // w, x.shape[3] // w
        return x[:, :, : rows * w, : columns * w].reshape(n, c, rows, w, columns, w).mean(axis=(3, 5))

    def forward(self, activity, others):
        self.context = np.roll(self.pooled(others[0]), len(activity) // 2, axis=0)
        z = self.pooled(activity).transpose(0, 2, 3, 1).reshape(len(activity), -1)
        return np.concatenate([z, self.layer.forward(self.context).numpy()], axis=1)

    def backward(self, activity, errors, begin, end):
        self.error = errors[:, self.size :].copy()
        window = self.window(activity.shape[1:])
        c, rows, columns = self.own
        tiles = errors[:, : self.size].reshape(-1, rows, columns, c).transpose(0, 3, 1, 2) / window**2
        error = np.zeros_like(activity)
        error[:, :, : rows * window, : columns * window] = tiles.repeat(window, axis=2).repeat(window, axis=3)
        return error

    def learn(self, activity, begin, end, options):
        self.layer.learn(self.context[begin:end], self.error, options)
