"""Values as TOML text, for study files that tmescope writes."""

from __future__ import annotations

import json
from collections.abc import Mapping

__all__ = ["as_toml"]


def as_toml(value: object) -> str:
    """Return a string, number, boolean, list or mapping as a TOML value on one line.

    Parameters
    ----------
    value : str, bool, int, float, list or mapping
        Mappings become inline tables.

    Returns
    -------
    str

    Raises
    ------
    TypeError
        If TOML has no such value.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        # a JSON string is a TOML basic string, but for DEL, which TOML wants escaped
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, list | tuple):
        return "[" + ", ".join(as_toml(v) for v in value) + "]"
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(str(k))} = {as_toml(v)}" for k, v in value.items()) + " }"
    message = f"{type(value).__name__} has no form in TOML"
    raise TypeError(message)


def _key(name: str) -> str:
    plain = name.isascii() and name.replace("_", "").replace("-", "").isalnum()
    return name if plain else as_toml(name)
