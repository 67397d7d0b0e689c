"""Checks of recipe.py: nothing is timed before its mathematics holds."""

import json
import os
from pathlib import Path

import numpy as np
import torch

import recipe


def require(error, bound, what):
    """Raises where a relative error is above its bound (or not a number)."""
    if not error <= bound:
        raise SystemExit(f"step.py: {what} is off by {error:.2e} relative, {bound:.0e} is allowed; nothing was timed")


def relative_error(ours, expected):
    return float((ours.double() - expected.double()).norm() / expected.double().norm())


def naive_hinge(memory, current, negatives):
    """Loss, error of the memory and error of the current views, pair by pair, from the formula."""
    batch = memory.shape[0]
    loss, errors = 0.0, (torch.zeros_like(memory), torch.zeros_like(current))
    for i in range(batch):
        for j in range(batch):
            distance = float((memory[i] - current[j]).abs().sum())
            if i == j:
                excess, weight = recipe.MARGIN + distance - recipe.THRESHOLD, 1.0
            elif negatives == "all":
                excess, weight = recipe.MARGIN - distance + recipe.THRESHOLD, -1.0
            elif 0 < j - i <= recipe.RECENT:
                excess, weight = recipe.MARGIN - distance + recipe.THRESHOLD, -recipe.RECENT_WEIGHT
            else:
                continue
            if excess > 0:
                loss += abs(weight) * excess
                errors[0][i] += weight * torch.sign(memory[i] - current[j])
                errors[1][j] += weight * torch.sign(current[j] - memory[i])
    return loss, errors


def check_hinge():
    for negatives in ("recent", "all"):
        # Distances about the threshold, so that pairs on both sides of it occur.
        memory, current = ((0.04 * torch.randn(12, 64, dtype=torch.float64)).requires_grad_() for _ in range(2))
        loss = recipe.hinge(memory, current, negatives)
        loss.backward()
        expected, errors = naive_hinge(memory.detach(), current.detach(), negatives)
        require(abs(loss.item() - expected) / expected, 1e-12, f"the hinge, {negatives} negatives,")
        require(
            relative_error(memory.grad, errors[0]), 1e-12, f"the hinge's error of the memory, {negatives} negatives,"
        )
        require(relative_error(current.grad, errors[1]), 1e-12, f"the hinge's error, {negatives} negatives,")


def errors_of_updates(step, images):
    """Relative errors of a step's loss and updates on images against float64 without any setting: {what: error}."""
    plain = recipe.Conv6(step.flatten).double()
    plain.load_state_dict(step.master_weights())
    memory, current = (plain(view) for view in images.double().chunk(2))
    expected = recipe.hinge(memory.detach() if step.block else memory, current, step.negatives)
    expected.backward()
    loss, updates = step.loss_and_updates(step.placed(images))
    errors = {"the loss": abs(loss.item() / expected.item() - 1)}
    for index, (ours, reference) in enumerate(zip(updates, plain.parameters())):
        errors[f"update {index}"] = relative_error(ours, reference.grad)
    return errors


def check_updates(step, what, draws=6):
    """Loss and updates of a step, as it is timed, on a few images. An error shows on all images. A near tie, where
    rounding decides which of a pool's inputs is the largest or whether a pair is active, shows on few: so of several
    draws of images one must agree."""
    # In bfloat16 many such decisions flip: an eighth is usual.
    bound = 1e-4 if step.precision == "float32" else 0.25
    best = None
    for _ in range(draws):
        errors = errors_of_updates(step, torch.rand(16, 3, 32, 32))
        worst = max(errors, key=errors.get)
        if best is None or not errors[worst] >= best[0]:
            best = errors[worst], worst
        if best[0] <= bound:
            return
    require(best[0], bound, f"{best[1]}, {what}, in each of {draws} draws of images,")


class Reference:
    """Arrays of the project's reference folder."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.settings = json.loads((self.folder / "manifest.json").read_text())

    def array(self, case, name):
        return torch.from_numpy(np.load(self.folder / case / f"{name}.npy"))


def check_against(reference):
    for case, negatives in (("hinge_all", "all"), ("hinge_5", "recent")):
        embeddings = reference.array(case, "embeddings").requires_grad_()
        loss = recipe.hinge(*embeddings.chunk(2), negatives)
        loss.backward()
        require(abs(loss.item() / reference.settings[case]["loss"] - 1), 1e-5, f"the loss of {case}")
        require(relative_error(embeddings.grad, reference.array(case, "error")), 1e-5, f"the error of {case}")

    drawn = [reference.array("deform", name) for name in ("theta", "saturation_factor", "hue_shift", "flip")]
    drawn[3] = drawn[3].bool()
    views = recipe.deform(reference.array("deform", "images"), *drawn)
    require(relative_error(views, reference.array("deform", "deformed")), 1e-5, "deform")

    model = recipe.Conv6().to(memory_format=torch.channels_last)
    with torch.no_grad():
        for index, weight in enumerate(model.parameters()):
            weight.copy_(reference.array("conv6", f"weight_{index}"))
    memory, current = model(reference.array("conv6", "images")).chunk(2)
    loss = recipe.hinge(memory.detach(), current, "recent")
    loss.backward()
    require(abs(loss.item() / reference.settings["conv6"]["loss"] - 1), 1e-5, "the loss of conv6")
    for index, weight in enumerate(model.parameters()):
        require(
            relative_error(weight.grad, reference.array("conv6", f"update_bp_{index}")),
            1e-4,
            f"update {index} of conv6",
        )


def check_all():
    """Returns what was checked, in words."""
    torch.manual_seed(1)
    check_hinge()
    folder = os.environ.get("BIOSSL_REFERENCE_DIR")
    if not folder:
        return "hinge against its formula (BIOSSL_REFERENCE_DIR is not set: no reference arrays)"
    check_against(Reference(folder))
    return "hinge against its formula; hinge, deform and conv6 against the reference arrays"
