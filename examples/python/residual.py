"""A kind of block: two convolutions beside a shortcut, He et al. 2016."""

import numpy as np

import biossl


@biossl.register("residual_python", "two 3x3 convolutions beside a shortcut, relu (He et al. 2016)")
class Residual(biossl.Block):
    """output = relu(W2 relu(W1 x) + shortcut(x)): 3x3 convolutions with biases; the shortcut is x itself, or where the
    shapes differ a 1x1 convolution of x. Within the block errors cross layers over the feedback paths of its layers."""

    channels: int = biossl.option(32, "output maps of both convolutions")
    stride: int = biossl.option(1, "steps of the first convolution and of the shortcut")

    def start(self, setup):
        same = {"channels": self.channels, "bias": True}
        self.first = setup.convolution(**same, activation="relu", stride=self.stride)
        self.second = setup.convolution(**same, inputs=self.first.output_map)
        self.output_map, self.kept, self.beside = self.second.output_map, [self.first.output_map], None
        if setup.map != self.output_map:
            one = {"kernel": 1, "stride": self.stride, "padding": 0, "name": "shortcut"}
            self.beside = setup.convolution(self.channels, **one)

    def forward(self, x, training):
        hidden = self.first.forward(x)
        shortcut = self.beside.forward(x).numpy() if self.beside else x
        return np.maximum(self.second.forward(hidden).numpy() + shortcut, 0), hidden

    def backward(self, step, sends):
        hidden, error = step.kept[0], np.where(step.output > 0, step.error, 0)
        d_hidden = self.second.backward(hidden, step.output, error)
        d_x = self.first.backward(step.input, hidden, d_hidden, sends)
        more = self.beside.backward(step.input, step.output, error, sends) if self.beside else error
        return np.asarray(d_x) + np.asarray(more) if sends else None

    def learn(self, step, options):
        for layer in filter(None, (self.second, self.first, self.beside)):
            layer.learn(options)
