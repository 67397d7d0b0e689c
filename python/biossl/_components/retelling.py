"""Calls of the engine with arguments that it does not take, told in one line."""

from __future__ import annotations

import re

#: What the bindings write: a signature a line, then the types of what was given.
_REFUSED = re.compile(
    r"\w*\(\): incompatible function arguments\..*?\n\s*1\. (?P<expected>[^\n]*?)(?: -> [^\n]*)?\n"
    r".*?Invoked with types: (?P<given>.*)\Z",
    re.DOTALL,
)


def in_one_line(told: str) -> str | None:
    """The bindings' message about arguments, shortened. None: it is none of theirs."""
    found = _REFUSED.match(told)
    if not found:
        return None
    expected, given = (found[name].replace("biossl._core.", "") for name in ("expected", "given"))
    if "(self" in expected:
        expected = re.sub(r"\(self(?:, )?", "(", expected)
        given = given.partition(", ")[2]
    given = re.sub(r"kwargs = \{ (.*) \}", r"\1", given)
    return f"{expected} was called with ({given})"


class Retelling:
    """A block of code in which messages of the bindings are shortened. The exceptions stay the same ones."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind, error, trace) -> None:
        line = in_one_line(str(error)) if isinstance(error, TypeError) else None
        if line is not None:
            error.args = (line,)


retold = Retelling()
