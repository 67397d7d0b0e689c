"""A data set of one's own: gratings, as visual cortex is often probed with. A class is an orientation."""

import numpy as np

import biossl


@biossl.register("gratings_python", "an example: gratings, a class an orientation; grey")
class Gratings(biossl.Dataset):
    """Phase and frequency differ from image to image."""

    orientations: int = biossl.option(8, "classes, evenly spread over half a turn")

    channels = 1

    def __post_init__(self):
        if self.orientations < 1:
            raise ValueError(f"orientations = {self.orientations}; at least 1")

    def load(self, split, request):
        count, side = request.images or 4000, request.image_size
        self.labels = np.arange(count) % self.orientations
        self.class_names = [f"orientation {i}" for i in range(self.orientations)]
        y, x = np.mgrid[:side, :side]
        self.images = np.empty((count, side, side, 1), np.uint8)
        for i, angle in enumerate(np.pi * self.labels / self.orientations):
            random = biossl.Random(request.seed, "gratings", ("train", "test").index(split), i)
            phase = 2 * np.pi * random.number()
            step = 2 * np.pi * (2 + 4 * random.number()) / side
            self.images[i, :, :, 0] = 127.5 + 127 * np.sin(phase + step * (x * np.cos(angle) + y * np.sin(angle)))
