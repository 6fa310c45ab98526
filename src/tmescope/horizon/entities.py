"""Entities: what papers and trials speak of, as one table of mentions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tmescope.facts.horizon_terms import load_drugs, load_vocabulary
from tmescope.facts.references.doid import Disease
from tmescope.horizon.automaton import find
from tmescope.horizon.dictionary import Dictionary, settle_forms
from tmescope.horizon.drugs import drug_forms, drug_id
from tmescope.horizon.evidence import FIRST, FORM, FROM, LAST, TEXT, TO, Texts, accept
from tmescope.horizon.evidence_days import find_days
from tmescope.horizon.gene_forms import gene_forms, names_of
from tmescope.horizon.mentions import Mentions
from tmescope.horizon.shapes import drug_words, spelt_as_listed
from tmescope.horizon.trial_mentions import trial_mentions
from tmescope.horizon.word_forms import disease_forms, vocabulary_forms

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmescope.facts.gene_words import GeneWords
    from tmescope.facts.hgnc import HgncRecord

__all__ = ["build_dictionary", "tag"]

_LISTS = (("mesh", "mesh"), ("keywords", "keyword"), ("substances", "substance"))
_IN_TEXT = ("modalities", "concepts")


def build_dictionary(
    genes: Iterable[HgncRecord] = (),
    diseases: Iterable[Disease] = (),
    *,
    as_of: dt.date | None = None,
    gene_words: GeneWords | None = None,
) -> Dictionary:
    """Build the dictionary of genes, diseases and the bundled vocabularies.

    Parameters
    ----------
    genes : iterable of HgncRecord
        As from ``load_reference("hgnc")``; none where no table is installed.
    diseases : iterable of Disease
        As from ``load_reference("doid")``; none where no ontology is installed.
    as_of : date, optional
        Only what was known on that day; all if omitted.
    gene_words : GeneWords, optional
        What is known of names of genes beyond HGNC; the bundled file if omitted.

    Returns
    -------
    Dictionary
        See `settle_forms` for names that several entities share.

    Notes
    -----
    A name is left out of a dictionary of an earlier day where its source says when it was made: changed symbols of
    HGNC, terms of the Disease Ontology with a date, other names of drugs, stems. All others count as always known.
    """
    genes, diseases = tuple(genes), tuple(diseases)
    kinds = [one for name in _IN_TEXT for one in load_vocabulary(name)]
    every = (*drug_forms(), *gene_forms(genes, gene_words), *disease_forms(diseases), *vocabulary_forms(kinds))
    known = [f for f in every if as_of is None or f.known_since is None or f.known_since <= as_of]
    names = {drug_id(drug.name): drug.name for drug in load_drugs()}
    names |= {gene.hgnc_id: gene.symbol for gene in genes if gene.is_approved}
    names |= {disease.doid: disease.name for disease in diseases}
    names |= {one.entity_id: one.name for one in kinds}
    words = {**names_of(genes), **{one.entity_id: one.terms for one in kinds}}
    words |= {disease.doid: (disease.name, *disease.synonyms) for disease in diseases}
    mesh = {
        xref.removeprefix("MESH:"): disease.doid
        for disease in reversed(diseases)
        for xref in disease.xrefs
        if xref.startswith("MESH:") and (as_of is None or not disease.created_on or disease.created_on <= as_of)
    }
    return Dictionary(settle_forms(known), names, words, mesh, as_of)


def tag(documents: pa.Table, dictionary: Dictionary, *, trials: pa.Table | None = None) -> pa.Table:
    """Find the entities of documents.

    Parameters
    ----------
    documents : pyarrow.Table
        By `tmescope.store.lake_schemas.document_schema`; ``doc_id``, ``title`` and ``abstract`` are needed, others
        are used where they are there.
    dictionary : Dictionary
        As from `build_dictionary`.
    trials : pyarrow.Table, optional
        By `tmescope.store.lake_schemas.trial_schema`: their interventions, conditions, sponsors and sites.

    Returns
    -------
    pyarrow.Table
        By `tmescope.store.lake_schemas.mention_schema`, in the order of the documents; one row an entity and part.

    Notes
    -----
    Rows depend on the document alone, not on the others in the table. Drugs that the dictionary does not hold are found
    by their stem or their code. The cost is linear in the characters.
    """
    found = Mentions(dictionary)
    _tag_text(documents, dictionary, found)
    for column, part in _LISTS:
        if column in documents.column_names:
            _tag_lists(documents, column, part, dictionary=dictionary, found=found)
    if trials is not None:
        trial_mentions(trials, dictionary, found)
    return found.table()


def _texts_of(array: pa.Array) -> Texts:
    """Return an array of strings as bytes and ends; the buffers are shared."""
    large = array.cast(pa.large_string())
    _, offsets, data = large.buffers()
    ends = np.frombuffer(offsets, dtype=np.int64)[large.offset : large.offset + len(large) + 1]
    held = np.frombuffer(data, dtype=np.uint8) if data is not None else np.zeros(0, dtype=np.uint8)
    return Texts(held, ends)


def _tag_text(documents: pa.Table, dictionary: Dictionary, found: Mentions) -> None:
    """Find entities in titles and abstracts, which are read as one text: evidence of either counts for both."""
    titles = pc.fill_null(documents["title"], "").combine_chunks()
    abstracts = pc.fill_null(documents["abstract"], "").combine_chunks()
    joined = pc.binary_join_element_wise(titles, abstracts, "\n")
    texts = _texts_of(joined)
    ids = documents["doc_id"].combine_chunks()
    breaks = pc.binary_length(titles).to_numpy(zero_copy_only=False).astype(np.int64)
    characters = pc.utf8_length(titles).to_numpy(zero_copy_only=False).astype(np.int64)
    rows = find(dictionary.automaton, texts.data, texts.ends)
    accepted = accept(rows, texts, dictionary) & spelt_as_listed(rows, texts, dictionary)
    since = find_days(rows, accepted, texts, dictionary=dictionary)
    rows = rows[accepted]
    in_title = rows[:, FROM] <= breaks[rows[:, TEXT]]
    shift = np.where(in_title, 0, characters[rows[:, TEXT]] + 1)
    found.add(
        ids,
        rows[:, TEXT],
        forms=np.column_stack([rows[:, FORM], since]),
        part=("title", "abstract"),
        is_second=~in_title,
        places=np.column_stack([rows[:, FIRST] - shift, rows[:, LAST] - shift]),
        texts=_cuts(texts, rows),
    )
    for row in drug_words(texts, rows, dictionary):
        at_title = row.first <= breaks[row.text]
        start = len(texts.cut(row.text, 0, row.first).decode(errors="replace"))
        start -= 0 if at_title else int(characters[row.text]) + 1
        place = (start, start + len(row.name))
        part = "title" if at_title else "abstract"
        entity, doc_id = drug_id(row.name), ids[row.text].as_py()
        found.add_one(doc_id, entity, part, text=row.name, place=place, known_since=row.known_since)


def _cuts(texts: Texts, rows: NDArray[np.int32]) -> pa.Array:
    """Return how names are written, as one array of strings."""
    lengths = (rows[:, TO] - rows[:, FROM]).astype(np.int64)
    ends = np.concatenate([[0], np.cumsum(lengths)])
    shift = texts.ends[rows[:, TEXT]] + rows[:, FROM] - ends[:-1]
    data = texts.data[np.arange(ends[-1]) + np.repeat(shift, lengths)]
    buffers = [None, pa.py_buffer(ends.astype(np.int32)), pa.py_buffer(data)]
    return pa.Array.from_buffers(pa.string(), len(rows), buffers)


def _tag_lists(documents: pa.Table, column: str, part: str, *, dictionary: Dictionary, found: Mentions) -> None:
    """Find entities in headings, keywords and substances."""
    lists = documents[column].combine_chunks()
    items, owners = pc.list_flatten(lists), pc.list_parent_indices(lists).to_numpy(zero_copy_only=False)
    if len(items) == 0:
        return
    if pa.types.is_struct(items.type):
        items = pc.struct_field(items, "name")
    texts = _texts_of(pc.fill_null(items, ""))
    rows = find(dictionary.automaton, texts.data, texts.ends)
    accepted = accept(rows, texts, dictionary)
    since = find_days(rows, accepted, texts, dictionary=dictionary)
    rows = rows[accepted]
    found.add(
        documents["doc_id"].combine_chunks(),
        owners[rows[:, TEXT]],
        forms=np.column_stack([rows[:, FORM], since]),
        part=(part, part),
        places=None,
        texts=_cuts(texts, rows),
    )
