"""Alerts as text, as JSON and as an Atom feed: nothing in a title can do more than be read."""

from __future__ import annotations

import html
import json
import re
import uuid
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from urllib.parse import quote

from tmescope.horizon.alerts import KINDS, Alert

__all__ = ["as_atom", "as_json", "as_text", "find_address", "make_inert"]

_LONGEST = 300
_SHOWN = 10
_FEED = 500  # entries: readers fetch a feed whole each time
_ADDRESSES = (
    (re.compile(r"pmid:(\d{1,10})"), "https://pubmed.ncbi.nlm.nih.gov/{}/"),
    (re.compile(r"nct:(NCT\d{8})"), "https://clinicaltrials.gov/study/{}"),
    (re.compile(r"doi:(10\.\d{4,9}/\S{1,200})"), "https://doi.org/{}"),
    (re.compile(r"ppr:(PPR\d{1,12})"), "https://europepmc.org/article/PPR/{}"),
)


_LONGEST_TITLE = 240
"""Characters of a title that people read; JSON and Atom have all of it."""


def as_text(alerts: Sequence[Alert], names: Mapping[str, str] | None = None) -> str:
    """Return alerts as lines for people, by watch and kind.

    Parameters
    ----------
    alerts : sequence of Alert
        In the order in which they were found.
    names : mapping of str to str, optional
        What entities are called; their identifiers if omitted.
    """
    lines: list[str] = []
    for watch, of_watch in groupby(alerts, key=lambda one: one.watch):
        ones = list(of_watch)
        lines.append(f"{watch}: {len(ones)} new" if ones else watch)
        lines += [f"  {line}" for one in ones for line in _lines(one, names or {})]
    return "\n".join(lines) + "\n" if lines else ""


def _lines(one: Alert, names: Mapping[str, str]) -> Iterator[str]:
    day = f" {one.on}" if one.on else ""
    title = one.title if len(one.title) <= _LONGEST_TITLE else f"{one.title[:_LONGEST_TITLE]}…"
    yield make_inert(f"{KINDS[one.kind]}{day}: {one.doc_id} {title}".rstrip())
    if change := _change(one, names):
        yield make_inert(f"    {change}")
    if reached := _reached(one):
        yield make_inert(f"    {reached}")


def _change(one: Alert, names: Mapping[str, str]) -> str:
    if one.entity:
        return " + ".join(f"{names[e]} ({e})" if e in names else e for e in one.entity.split(" + "))
    if one.before or one.after:
        return f"{one.before or 'nothing'} -> {one.after or 'nothing'}" if one.before else one.after
    return ""


def _reached(one: Alert) -> str:
    if not one.related:
        return ""
    rest = len(one.related) - _SHOWN
    shown = ", ".join(one.related[:_SHOWN]) + (f" and {rest} more" if rest > 0 else "")
    return f"cites {shown}" if one.kind == "cites_retracted" else f"cited by {len(one.related)}: {shown}"


def as_json(alerts: Sequence[Alert]) -> str:
    """Return alerts as one JSON document, safe also inside HTML.

    Parameters
    ----------
    alerts : sequence of Alert
        In the order in which they were found.
    """
    records = [{"alert_id": one.alert_id, **one.as_record(), "address": find_address(one.doc_id)} for one in alerts]
    document = {"format": "tmescope alerts", "version": 1, "n": len(records), "alerts": records}
    text = json.dumps(document, indent=1, ensure_ascii=True, allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026") + "\n"


def as_atom(alerts: Sequence[Alert], *, title: str) -> str:
    """Return alerts as an Atom feed (RFC 4287), the newest first, up to 500.

    Parameters
    ----------
    alerts : sequence of Alert
        In the order in which they were found: all that were ever found, so that a reader who was away misses none.
    title : str
        Of the feed.

    Notes
    -----
    The identifier of an entry depends on the alert alone: told twice, a reader shows it once.
    """
    newest = list(reversed(alerts))[:_FEED]
    updated = max((_moment(one.found_on) for one in newest), default=_moment(""))
    feed_id = uuid.uuid5(uuid.NAMESPACE_URL, f"tmescope feed {title!a}")
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        '<feed xmlns="http://www.w3.org/2005/Atom">',
        f"<title>{_xml(title)}</title>",
        f"<id>urn:uuid:{feed_id}</id>",
        f"<updated>{updated}</updated>",
        "<author><name>tmescope</name></author>",
    ]
    for one in newest:
        address = find_address(one.doc_id)
        said = " ".join(part for part in (_change(one, {}), _reached(one)) if part)
        lines += [
            "<entry>",
            f"<title>{_xml(f'{KINDS[one.kind]}: {one.title or one.doc_id}')}</title>",
            f"<id>urn:uuid:{one.alert_id}</id>",
            f"<updated>{_moment(one.found_on)}</updated>",
            *([f'<link href="{_xml(address)}"/>'] if address else []),
            f'<category term="{_xml(one.kind)}"/><category term="{_xml(one.watch)}"/>',
            f"<summary>{_xml(f'{one.doc_id} {one.on} {said}'.strip())}</summary>",
            "</entry>",
        ]
    return "\n".join([*lines, "</feed>", ""])


def find_address(doc_id: str) -> str:
    """Return where a document is to be read on the web; empty where its identifier is not of a known form."""
    for form, address in _ADDRESSES:
        if found := form.fullmatch(doc_id):
            return address.format(quote(found[1], safe="/"))
    return ""


def make_inert(text: str) -> str:
    """Return text with everything escaped that a terminal or a reader could be steered by, and shortened.

    Parameters
    ----------
    text : str
        May hold anything: marks that turn the direction of writing are escaped, too.
    """
    shown = "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
    return shown if len(shown) <= _LONGEST else f"{shown[: _LONGEST - 1]}…"


def _xml(text: str) -> str:
    return html.escape(make_inert(text), quote=True)


def _moment(day: str) -> str:
    return f"{day or '1970-01-01'}T00:00:00Z"
