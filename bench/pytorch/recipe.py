"""What is trained: the mathematics of recipes/quick.toml (docs/rules_and_losses.md), as one writes it in PyTorch."""

import torch
import torch.nn.functional as F
from torch import nn

THRESHOLD, MARGIN = 2.0, 1.0
RECENT, RECENT_WEIGHT = 4, 0.2  # "5 negatives"


class FlattenLast(nn.Module):
    """Flattens with the channels innermost: of channels-last maps this is a view, where nn.Flatten copies."""

    def forward(self, maps):
        return maps.permute(0, 2, 3, 1).flatten(1)


class Conv6(nn.Sequential):
    """conv6: (N, 3, 32, 32) to embeddings (N, 64). The flattening orders the head's inputs, which learning does not
    notice."""

    def __init__(self, flatten=nn.Flatten):
        def conv(inputs, outputs):
            return nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)

        super().__init__(
            conv(3, 32), nn.Hardtanh(),
            conv(32, 32), nn.MaxPool2d(2),
            conv(32, 64), nn.Hardtanh(),
            conv(64, 64), nn.MaxPool2d(2),
            conv(64, 512), nn.MaxPool2d(2),
            flatten(), nn.Linear(8192, 64, bias=False),
        )  # fmt: skip


def hinge(memory, current, negatives):
    """The contrastive hinge of embeddings (B, D); negatives: "all", or "recent", each view against the RECENT
    remembered before it."""

    def positive(distance):
        return F.relu(MARGIN + distance - THRESHOLD).sum()

    def negative(distance):
        return F.relu(MARGIN - distance + THRESHOLD)

    if negatives == "all":
        distances = torch.cdist(memory, current, p=1)
        apart = negative(distances)
        return positive(distances.diagonal()) + apart.sum() - apart.diagonal().sum()
    loss = positive((memory - current).abs().sum(1))
    for k in range(1, RECENT + 1):
        loss = loss + RECENT_WEIGHT * negative((memory[:-k] - current[k:]).abs().sum(1)).sum()
    return loss


def draw_deformations(count, perturb=0.5, saturation=4.0, hue=0.2):
    """theta (count, 2, 3), saturation factor, hue shift and mirror (count each)."""

    def uniform(*shape):
        return 2 * torch.rand(*shape) - 1

    identity = torch.tensor([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    moved = identity + uniform(count, 2, 3) * torch.tensor([perturb / 2, perturb / 2, perturb])
    theta = torch.where(torch.rand(count, 1, 1) < 0.5, moved, identity)
    return theta, 2 ** (saturation / 2 * uniform(count)), hue / 2 * uniform(count), torch.rand(count) < 0.5


def deform(images, theta, saturation, hue, mirror, adjust=None):
    """Views of images (N, 3, H, W) in [0, 1]: affine map, saturation and hue, mirror; adjust: adjust_colour,
    compiled or not."""
    # Mirroring last is sampling at -x: folded into the map, it costs no pass over the images.
    sign = torch.where(mirror, -1.0, 1.0)
    theta = theta * torch.stack([sign, torch.ones_like(sign), torch.ones_like(sign)], 1)[:, None]
    grid = F.affine_grid(theta, images.shape, align_corners=True)
    return (adjust or adjust_colour)(F.grid_sample(images, grid, align_corners=True), saturation, hue)


def adjust_colour(images, saturation, hue):
    """RGB to HSV, saturation times a factor, hue plus a shift in turns, back to RGB; images (N, 3, H, W)."""
    red, green, blue = images.unbind(1)
    value, chroma = images.amax(1), images.amax(1) - images.amin(1)
    safe = torch.where(chroma > 0, chroma, 1.0)
    sixths = torch.where(
        value == red,
        (green - blue) / safe,
        torch.where(value == green, 2 + (blue - red) / safe, 4 + (red - green) / safe),
    )
    # A grey pixel has no hue: every channel is its value, whatever the shift.
    saturated = torch.clamp(chroma / torch.where(value > 0, value, 1.0) * saturation[:, None, None], 0, 1)
    turned = sixths + 6 * hue[:, None, None]

    def channel(offset):
        k = torch.remainder(turned + offset, 6)
        return value - value * saturated * torch.clamp(torch.minimum(k, 4 - k), 0, 1)

    # Channels innermost, as the network wants them.
    return torch.stack([channel(5), channel(3), channel(1)], -1).permute(0, 3, 1, 2)
