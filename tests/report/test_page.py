"""The page as text: structure, policy, hostile names, what is absent."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from tests.report.contents_maker import FORMULA, HOSTILE, TINY, make_contents, without

from tmescope.report import static
from tmescope.report.contents import ReportContents
from tmescope.report.figure import Figure
from tmescope.report.figures import draw_figures
from tmescope.report.page import render_report

VOID = {"meta", "img", "input", "link", "br", "hr"}
TABLES = (
    "cohorts", "samples", "scores", "features", "answers", "curves", "quality", "gene_mapping", "warnings", "methods",
    "signatures",
)  # fmt: skip


class Outline(HTMLParser):
    """Every element with its attributes, and the text inside scripts and styles."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.open: list[str] = []
        self.raw: list[tuple[str, dict[str, str], str]] = []
        self.texts: list[tuple[str, str]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {k: v or "" for k, v in attrs}
        self.elements.append((tag, found))
        if tag not in VOID:
            self.open.append(tag)
        if tag in {"script", "style"}:
            self.raw.append((tag, found, ""))

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag, f"</{tag}> closes another element"

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in {"script", "style"}:
            tag, attrs, text = self.raw[-1]
            self.raw[-1] = (tag, attrs, text + data)
        else:
            self.texts.append((self.open[-1] if self.open else "", data))

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attrs for name, attrs in self.elements if name == tag]

    def text(self) -> str:
        return " ".join(text for _, text in self.texts)


@pytest.fixture(scope="module")
def outline(page: str) -> Outline:
    return Outline(page)


def _policy(outline: Outline) -> dict[str, str]:
    text = next(m["content"] for m in outline.all("meta") if m.get("http-equiv") == "Content-Security-Policy")
    return {part.split()[0]: " ".join(part.split()[1:]) for part in text.split(";")}


def test_elements_are_nested_and_identifiers_unique(outline: Outline) -> None:
    assert outline.open == []
    ids = [attrs["id"] for _, attrs in outline.elements if "id" in attrs]
    assert len(ids) == len(set(ids))
    for _, attrs in outline.elements:
        assert attrs.get("aria-labelledby", ids[0]) in ids
    assert {a["href"][1:] for a in outline.all("a") if a["href"].startswith("#")} <= set(ids)


def test_the_policy_admits_exactly_the_scripts_and_the_style_of_the_page(outline: Outline) -> None:
    def digest(text: str) -> str:
        return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"

    policy = _policy(outline)
    scripts = [text for tag, attrs, text in outline.raw if tag == "script" and "type" not in attrs]
    styles = [text for tag, _, text in outline.raw if tag == "style"]
    assert policy["script-src"] == " ".join(digest(s) for s in scripts)
    assert policy["style-src"] == " ".join(digest(s) for s in styles)
    assert policy["img-src"] == "data: blob:"
    for directive in ("default-src", "font-src", "connect-src", "object-src", "frame-src", "base-uri", "form-action"):
        assert policy[directive] == "'none'"
    assert "unsafe" not in str(policy)
    assert "*" not in str(policy)


def test_nothing_is_loaded_from_anywhere(outline: Outline) -> None:
    for tag, attrs in outline.elements:
        assert not [a for a in attrs if a.startswith("on")], tag
        assert "style" not in attrs, tag
        assert attrs.get("src", "data:image/svg+xml;").startswith("data:image/svg+xml;"), tag
        assert tag not in {"link", "iframe", "object", "embed", "base", "form"}
        if "href" in attrs and not attrs["href"].startswith("#"):
            assert (tag, attrs["rel"]) == ("a", "noopener noreferrer")
            assert attrs["href"].startswith("https://doi.org/10.")
    style = next(text for tag, _, text in outline.raw if tag == "style")
    assert "url(" not in style
    assert "@import" not in style


def test_there_are_landmarks_a_skip_link_and_headings_in_order(outline: Outline) -> None:
    tags = [tag for tag, _ in outline.elements]
    assert (tags.count("main"), tags.count("nav"), tags.count("h1")) == (1, 1, 1)
    assert next(a for a in outline.all("a"))["href"] == "#main"
    levels = [int(t[1]) for t in tags if re.fullmatch("h[1-6]", t)]
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert outline.all("html") == [{"lang": "en"}]


def test_every_picture_has_words_and_a_size(outline: Outline, figures: list[Figure]) -> None:
    images = outline.all("img")
    assert [i["alt"] for i in images] == [f.alt for f in figures]
    assert all(int(i["width"]) > 300 and int(i["height"]) > 50 for i in images)
    live = [a for _, a in outline.elements if a.get("class") == "live"]
    assert [a["aria-label"] for a in live] == [f.alt for f in figures]


def test_tables_have_captions_and_scopes(outline: Outline) -> None:
    tags = [tag for tag, _ in outline.elements]
    assert tags.count("table") == tags.count("caption") == tags.count("thead") > 8
    heads = outline.all("th")
    assert {h["scope"] for h in heads} == {"col", "row"}
    assert sum(h["scope"] == "row" for h in heads) == tags.count("tr") - tags.count("thead")


def test_payloads_are_json_and_belong_to_a_figure(outline: Outline, figures: list[Figure]) -> None:
    found = [(a["id"], json.loads(t)) for tag, a, t in outline.raw if a.get("type") == "application/json"]
    assert [name for name, _ in found] == ["patients-data", "themes", *(f"payload-{f.id}" for f in figures)]
    assert {p["renderer"] for name, p in found if name.startswith("payload-")} == {"svg", "canvas"}


def test_it_says_what_a_reader_asks_first(outline: Outline, contents: ReportContents) -> None:
    text = outline.text()
    for words in (contents.title, contents.question, "2026-01-15", "Immune checkpoints: higher in responders"):
        assert words in text
    order = [text.index(w) for w in ("What the data are, before", "Cohorts as they entered", "Answers", "Provenance")]
    assert order[0] < order[1]
    assert "melanoma_pd1_a/expression.tsv.gz" in text
    assert "not a medical device" in text


def test_hostile_names_are_inert(hostile_page: str, page: str) -> None:
    outline = Outline(hostile_page)
    images = [i for i in outline.all("img") if not i["src"].startswith("data:")]
    assert images == []
    scripts = [s for s in outline.all("script") if "type" not in s]
    assert len(scripts) == len([s for s in Outline(page).all("script") if "type" not in s]) == 3
    assert HOSTILE in outline.text()
    assert HOSTILE not in hostile_page
    assert "<img src=x" not in hostile_page
    assert FORMULA in outline.text()
    assert "\u202e" not in hostile_page
    assert "\ufffdtxt.exe" in outline.text()


def test_hostile_titles_and_endpoints_are_inert(contents: ReportContents) -> None:
    samples = contents.table("samples").rename(columns={"response": HOSTILE})
    answers = contents.table("answers").replace({"endpoint": {"response": HOSTILE}, "feature": {"TMB": HOSTILE}})
    tables = {"samples": samples, "answers": answers, "cohorts": contents.table("cohorts")}
    bad = ReportContents(HOSTILE, HOSTILE, HOSTILE, tables, HOSTILE, primary_endpoint=HOSTILE)
    outline = Outline(render_report(bad, draw_figures(replace(bad, primary_method="zscore"))))
    assert all(i["src"].startswith("data:") for i in outline.all("img"))
    assert len(outline.all("h1")) == 1


def test_the_same_contents_give_the_same_page(tiny_contents: ReportContents) -> None:
    first = render_report(tiny_contents, draw_figures(tiny_contents))
    static._svg.cache_clear()
    again = make_contents(TINY)
    assert render_report(again, draw_figures(again)) == first


def test_the_date_is_the_callers(contents: ReportContents) -> None:
    bare = without(replace(contents, generated=None), *TABLES)
    assert "2026" not in Outline(render_report(bare, [])).text()


@pytest.mark.parametrize("name", TABLES)
def test_any_table_may_be_absent(contents: ReportContents, name: str) -> None:
    outline = Outline(render_report(without(contents, name), []))
    told = {
        "scores": "There are no scores by zscore to draw.",
        "answers": "the run wrote no answers",
        "curves": "The run wrote no Kaplan-Meier curves for os.",
        "quality": "the state of the data is unknown",
        "warnings": "The run raised no warning.",
        "methods": "The run wrote no description of its methods.",
        "signatures": "The run wrote no table of signatures.",
    }
    assert told.get(name, contents.title) in outline.text()
    assert outline.open == []


def test_a_run_without_anything_still_gives_a_page_that_says_so() -> None:
    outline = Outline(render_report(ReportContents("s", "Empty", "", {}, "zscore"), []))
    text = outline.text()
    assert "there is nothing to summarise" in text
    assert "The study names no time-to-event endpoint." in text
    assert "The run recorded no input hashes." in text
    assert outline.all("img") == []


def test_no_placeholder_is_left(outline: Outline) -> None:
    text = outline.text()
    for leftover in ("{{", "}}", "{%", "None", "nan", "NaT", "<NA>", "Undefined"):
        assert not re.search(rf"(?<![A-Za-z]){re.escape(leftover)}(?![A-Za-z])", text), leftover


def test_the_page_is_small(page: str) -> None:
    assert len(page.encode()) < 3_000_000
