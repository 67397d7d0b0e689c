"""Instruments written in Python."""

from __future__ import annotations

import numpy as np


class Observer:
    """Sees what happens at every layer of a `biossl.Trainer`, while it happens: `trainer.observe(observer)`. Layers are
    called "blocks.0", "heads.4". Arrays are copies, float32, with a row for each image whose error is not zero. Only
    the methods that a class has are called."""

    def error_sent(self, layer: str, error_in: np.ndarray, error_out: np.ndarray) -> None:
        """An error has crossed a layer: error_in, of its outputs, came; error_out, of its inputs, goes on."""

    def update_computed(self, layer: str, activity: np.ndarray, error_in: np.ndarray, update: np.ndarray) -> None:
        """A layer has computed its update, (O, I, K, K), from the activity of its inputs and the error of its
        outputs; the weights are still those from before it."""
