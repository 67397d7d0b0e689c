"""The exceptions that have a name of their own. Recipes and arguments that are wrong raise ValueError."""

from ._engine import core

#: Something read from outside is wrong: a recipe, a data file, a checkpoint. A ValueError.
BadInput = core.BadInput
#: Another process uses the same run directory. A RuntimeError.
InUse = core.InUse
#: A data set has no images for a split. A BadInput.
MissingSplit = core.MissingSplit
#: A file cannot be written. An OSError.
WriteError = core.WriteError

__all__ = ["BadInput", "InUse", "MissingSplit", "WriteError"]
