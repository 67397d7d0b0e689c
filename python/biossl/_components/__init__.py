"""Components written in Python: base classes, and the decorator that registers them under the name a recipe uses."""

from __future__ import annotations

from .._engine import core
from .block import Block
from .dataset import Dataset
from .feedback import Feedback
from .head import Head
from .loss import Loss
from .observer import Observer
from .options import option
from .own_views import own_views
from .plausibility import Plausibility
from .registering import register
from .rule import LearningRule
from .views import ViewPlan, Views

Random = core.Random
Tensor = core.Tensor

__all__ = [
    "Block",
    "Dataset",
    "Feedback",
    "Head",
    "LearningRule",
    "Loss",
    "Observer",
    "Plausibility",
    "Random",
    "Tensor",
    "ViewPlan",
    "Views",
    "option",
    "own_views",
    "register",
]
