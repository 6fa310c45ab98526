"""Exemptions from the house rules, each with a reason; one that is no longer needed fails."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tests.house.measures import Violation

FILE = Path(__file__).with_name("exemptions.txt")


@dataclass(frozen=True)
class Exemption:
    """One line of the list."""

    rule: str
    place: str
    reason: str


def read(text: str) -> tuple[Exemption, ...]:
    """Read lines of ``rule  place  # reason``; blank lines and lines that start with # are skipped."""
    found = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        entry, _, reason = line.partition("#")
        words = entry.split()
        if len(words) != 2 or len(reason.split()) < 3:
            raise ValueError(f"{FILE.name}:{number}: expected 'rule  place  # reason of three words or more': {line!r}")
        found.append(Exemption(words[0], words[1], reason.strip()))
    return tuple(found)


def settle(
    violations: Iterable[Violation], exemptions: Iterable[Exemption], *, rules: Iterable[str]
) -> tuple[list[Violation], list[Exemption]]:
    """Return the violations that nothing excuses, and the exemptions from these rules that excuse nothing."""
    found = list(violations)
    own = [e for e in exemptions if e.rule in set(rules)]
    excused = {(e.rule, e.place) for e in own}
    broken = {(v.rule, v.place) for v in found}
    unexcused = [v for v in found if (v.rule, v.place) not in excused]
    stale = [e for e in own if (e.rule, e.place) not in broken]
    return unexcused, stale


def demand(violations: Iterable[Violation], *rules: str) -> None:
    """Fail with every violation of these rules and every stale exemption, all at once."""
    unexcused, stale = settle(violations, read(FILE.read_text(encoding="utf-8")), rules=rules)
    strange = [v for v in unexcused if v.rule not in rules]
    assert not strange, f"these rules are not named by the test: {strange}"
    lines = [str(v) for v in unexcused] + [f"stale exemption, remove it: {e.rule}  {e.place}" for e in stale]
    assert not lines, "house rules are broken:\n  " + "\n  ".join(lines)


RULES = frozenset(
    {
        "api-docs",
        "arguments",
        "banned-call",
        "banned-import",
        "banned-name",
        "compile",
        "docstring",
        "file-lines",
        "function-lines",
        "kwargs",
        "mirror",
        "nesting",
        "orphan",
        "parameters",
        "positional",
        "raises",
        "silenced",
    }
)
"""Every rule that an exemption can be from; a line with another name excuses nothing and fails."""
