from __future__ import annotations

from tmescope.facts.bibliography import PaperReference
from tmescope.report.methods_text import MethodsSection, MethodsText, mark, said

ONE = PaperReference("one2001", "10.1000/one", ("One, A.",), "First", "J", 2001, "1", "1-2")
TWO = PaperReference("two2002", "", note="As stated, not verified: Two 2002")


def _text() -> MethodsText:
    sections = (
        MethodsSection(
            "Scores", (f"They ran{mark(['one2001'])}.", f"Both{mark(['one2001', 'two2002'])} and none{mark([])}.")
        ),
        MethodsSection("Software", ("It ran.",)),
    )
    return MethodsText(sections, (ONE, TWO))


def test_citations_are_numbers_in_the_report_and_keys_in_markdown():
    assert _text().numbered()[0].paragraphs == ("They ran [1].", "Both [1, 2] and none.")
    markdown = _text().to_markdown()
    assert "They ran [@one2001]." in markdown
    assert "Both [@one2001; @two2002] and none." in markdown
    assert markdown.index("## Scores") < markdown.index("## Software") < markdown.index("## References")
    assert "- two2002: As stated, not verified: Two 2002" in markdown


def test_plain_text_has_headings_paragraphs_and_the_numbered_list():
    assert _text().to_text().splitlines()[:2] == ["Scores", "They ran [1]."]
    assert (
        _text()
        .to_text()
        .endswith("1. One, A. First. J 2001;1:1-2. doi:10.1000/one\n2. As stated, not verified: Two 2002\n")
    )
    assert MethodsText((MethodsSection("A", ("B.",)),), ()).to_text() == "A\nB.\n"


def test_words_of_the_data_are_neither_markup_nor_citations():
    hostile = said("a\x00b\n*x* [@one2001] \ue000one2001\ue001 <b> pan_f_tbrs _y_ \u202egpj")
    assert hostile == "ab *x* [@one2001] one2001 <b> pan_f_tbrs _y_ gpj"
    text = MethodsText((MethodsSection("H", (hostile,)),), (ONE,))
    assert text.numbered()[0].paragraphs == (hostile,)
    line = text.to_markdown().splitlines()[4]
    assert line == r"ab \*x\* \[\@one2001\] one2001 \<b\> pan_f_tbrs \_y\_ gpj"
