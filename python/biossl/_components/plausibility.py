"""What a component says of its biological plausibility."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Plausibility:
    """What a component's updates depend on: properties (i) to (iii) of Tang, Yang & Amit (2022), and locality. A
    recipe has a property where its loss, feedback path and rule all have it; `biossl.describe` shows them."""

    recent_activity: bool = True  #: (i) an update needs what is active now and a few earlier views at most
    plain_arithmetic: bool = True  #: (ii) no normalisation, inner product or division
    separate_weights: bool = True  #: (iii) errors descend over weights that are not read off the forward weights
    local_to_blocks: bool = True  #: no error crosses from one block to another
    account: str = ""  #: one sentence for the reader, or none

    def _values(self) -> tuple[bool, bool, bool, bool, str]:
        return (
            bool(self.recent_activity),
            bool(self.plain_arithmetic),
            bool(self.separate_weights),
            bool(self.local_to_blocks),
            str(self.account),
        )
