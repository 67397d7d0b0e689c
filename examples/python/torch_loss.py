"""A loss whose error comes from PyTorch's autograd: embeddings are copied, since they are read-only."""

import torch

import biossl


@biossl.register("torch_cosine", "views of an image point the same way, those of others do not; by PyTorch's autograd")
class TorchCosine(biossl.Loss):
    """L = sum_i [1 - cos(a_i, b_i)] + weight sum_i [cos(a_i, b_{i+1})]+"""

    weight: float = biossl.option(1.0, "weight of the pairs that are none")

    plausibility = biossl.Plausibility(plain_arithmetic=False)

    def evaluate(self, a, b, context):
        a, b = (torch.tensor(view, requires_grad=True) for view in (a, b))
        alike = torch.nn.functional.cosine_similarity
        loss = (1 - alike(a, b)).sum() + self.weight * torch.relu(alike(a, b.roll(-1, 0))).sum()
        return loss.item(), *torch.autograd.grad(loss, (a, b))
