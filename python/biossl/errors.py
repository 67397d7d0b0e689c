"""The exceptions that have a name of their own. Recipes and arguments that are wrong raise ValueError."""

from ._engine import core

BadInput = core.BadInput
"""Something read from outside is wrong: a recipe, a data file, a checkpoint. A ValueError."""
InUse = core.InUse
"""Another process uses the same folder: a run directory, a reproduction's folder or a data folder. A RuntimeError."""
MissingSplit = core.MissingSplit
"""A data set has no images for a split. A BadInput."""
WriteError = core.WriteError
"""A file cannot be written. An OSError."""

__all__ = ["BadInput", "InUse", "MissingSplit", "WriteError"]
