"""The format of a file is seen from its content, whatever its name says."""

from __future__ import annotations

import gzip

import pytest

from tmescope.foundation.errors import FileFormatError, MissingFileError
from tmescope.ingest.document_formats import FORMATS, find_document_format

BEGINNINGS = {
    "pubmed": [
        '<?xml version="1.0"?>\n<!DOCTYPE PubmedArticleSet PUBLIC "-//NLM" "x">\n<PubmedArticleSet></PubmedArticleSet>',
        "\n<MedlineCitationSet></MedlineCitationSet>",
        "<PubmedArticleSet/>",
    ],
    "trials": ['[{"protocolSection": {}}]', '{"studies": []}', '{"totalCount": 2,\n "studies" : []}'],
    "europepmc": ['{"version":"6.9","hitCount":1,"resultList":{"result":[]}}'],
    "preprints": ['{"messages":[{"status":"ok"}],"collection":[]}'],
}


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in BEGINNINGS.items() for text in texts])
@pytest.mark.parametrize("packed", [False, True])
def test_every_format_is_found_whatever_the_name(tmp_path, name, text, packed):
    path = tmp_path / "file.docx"
    data = b"\xef\xbb\xbf" + text.encode()
    path.write_bytes(gzip.compress(data) if packed else data)
    assert find_document_format(path).name == name


@pytest.mark.parametrize(
    "text",
    [
        "<html><body>503</body></html>",
        '<?xml version="1.0"?><eLinkResult/>',
        "<PubmedArticleSetting/>",
        '{"error": "too many requests"}',
        '{"data": [{"nct_id": "NCT1"}]}',
        '"protocolSection":',
        "pmid,title\n1,TY  - x\n",
        "14510914|t|Congenital hypothyroidism",
        "\x00\x01\x02",
    ],
)
def test_what_is_none_of_them_is_refused_with_how_it_begins(tmp_path, text):
    path = tmp_path / "pubmed26n0001.xml"
    path.write_text(text)
    with pytest.raises(FileFormatError, match="no format of papers or trials begins with") as caught:
        find_document_format(path)
    assert "PubMed or MEDLINE XML" in (caught.value.expected or "")


def test_empty_blank_missing_and_folders(tmp_path):
    (tmp_path / "empty").touch()
    (tmp_path / "blank").write_text(" \n\t")
    for name, message in (("empty", "empty"), ("blank", "white space"), (".", "folder")):
        with pytest.raises(FileFormatError, match=message):
            find_document_format(tmp_path / name)
    with pytest.raises(MissingFileError):
        find_document_format(tmp_path / "nowhere")


def test_a_gzip_file_that_is_cut_at_its_beginning_is_refused(tmp_path):
    path = tmp_path / "a.xml.gz"
    path.write_bytes(gzip.compress(b"<PubmedArticleSet>" * 10)[:-9])
    with pytest.raises(FileFormatError, match="without its closing checksum"):
        find_document_format(path)


@pytest.mark.parametrize("form", FORMATS, ids=lambda f: f.name)
def test_every_format_has_its_reader(form):
    assert callable(form.load())
