"""Drugs that act on a target: by the bundled list, and by what documents of a lake say."""

from __future__ import annotations

import pytest
from tests.horizon.small_lake import day, lake, mention, paper, trial
from tests.store.lakes import batch, lake_of, mentions
from tests.store.lakes import paper as stored_paper
from tests.store.lakes import trial as stored_trial

from tmescope.horizon.acting import Action, count_targeted, find_actions
from tmescope.horizon.landscape import map_landscape
from tmescope.horizon.subjects import make_subject
from tmescope.horizon.target_statements import find_statement

TIGIT, EGFR, PDCD1, CD274 = "HGNC:26838", "HGNC:3236", "HGNC:8760", "HGNC:17635"
SAID = "Examplimab, an anti-TIGIT antibody, was given."
WORDS = "Examplimab, an anti-TIGIT"


def small():
    one = trial(1, interventions=["examplimab"], arms=[("one", ["Drug: examplimab"])])
    two = trial(2, interventions=["otherimab"])
    says, names = paper(7, abstract=SAID), paper(8, abstract="Otherimab in TIGIT-positive tumours.")
    found = [
        mention(one, "drug:examplimab", "intervention", "examplimab"),
        mention(two, "drug:otherimab", "intervention", "otherimab"),
        mention(says, "drug:examplimab", "abstract", "Examplimab"),
        mention(names, "drug:otherimab", "abstract", "Otherimab"),
        *(mention(doc, TIGIT, "abstract", "TIGIT") for doc in (says, names)),
        mention(says, "drug:nevertested", "abstract", "nevertested"),
    ]
    return lake([one, two], found, [says, names])


def test_a_document_of_the_lake_links_a_drug_that_its_trial_gives():
    connection = small()
    assert find_actions(connection, [TIGIT, "modality:car-t"]) == (Action("drug:examplimab", TIGIT, "pmid:7", WORDS),)
    found = map_landscape(connection, make_subject(connection, [TIGIT, TIGIT]))
    assert list(found.trials["nct_id"]) == ["NCT00000001"]
    assert f'1 trial counts because it gives Examplimab, which acts on TIGIT (as pmid:7 says: "{WORDS}")' in found.notes
    assert any(
        note.startswith("a target is known for 1 of the 2 drugs that trials of this lake give") for note in found.notes
    )
    other = map_landscape(connection, make_subject(connection, ["drug:otherimab"]))
    assert not any("a target is known" in note for note in other.notes)


def test_the_bundled_list_comes_first_and_says_who_says_so():
    one = trial(1, interventions=["cadonilimab"])
    says = paper(7, abstract="Cadonilimab, an anti-PD-1 antibody")
    connection = lake([one], [
        mention(one, "drug:cadonilimab", "intervention", "cadonilimab"),
        mention(says, "drug:cadonilimab", "abstract", "Cadonilimab"), mention(says, PDCD1, "abstract", "PD-1"),
    ], [says])  # fmt: skip
    by_drug = {action.drug: action for action in find_actions(connection, [PDCD1])}
    assert by_drug["drug:cadonilimab"] == Action("drug:cadonilimab", PDCD1, "NCT05816499")
    assert by_drug["drug:pembrolizumab"].source == "Open Targets CHEMBL3137343"
    assert "drug:afatinib" in {action.drug for action in find_actions(connection, [EGFR])}
    assert count_targeted(connection) == (1, 1)
    found = map_landscape(connection, make_subject(connection, [PDCD1]))
    assert "1 trial counts because it gives cadonilimab, which acts on PDCD1 (as NCT05816499 says)" in found.notes
    then = find_actions(lake(), [PDCD1], as_of=day("2020-01-01"))
    assert "drug:cadonilimab" not in {action.drug for action in then}


def test_trials_of_one_drug_are_counted_in_words():
    trials = [trial(n, interventions=["durvalumab"]) for n in range(3)]
    connection = lake(trials, [mention(one, "drug:durvalumab", "intervention", "durvalumab") for one in trials])
    notes = map_landscape(connection, make_subject(connection, [CD274])).notes
    said = "3 trials count because they give durvalumab, which acts on CD274 (as "
    assert any(note.startswith(said) and note.endswith(" says)") for note in notes)


def many(n_papers, tail=SAID):
    """Return a lake whose papers name a drug and a target together, and of which the last says something of them."""
    one, rare = trial(1, interventions=["examplimab"]), trial(2, interventions=["zotherimab"])
    papers = [paper(n, abstract="Examplimab was given to TIGIT-positive patients.") for n in range(100, 100 + n_papers)]
    papers += [paper(n, abstract=tail) for n in (998, 999)]
    papers.append(paper(997, title="The TIGIT-TKI zotherimab", abstract="No more."))
    found = [mention(one, "drug:examplimab", "intervention"), mention(rare, "drug:zotherimab", "intervention")]
    for doc in papers:
        drug, part = ("zotherimab", "title") if doc["doc_id"] == "pmid:997" else ("examplimab", "abstract")
        found += [mention(doc, f"drug:{drug}", part, drug), mention(doc, TIGIT, part, "TIGIT")]
    return lake([one, rare], found, papers)


def test_of_many_documents_the_first_that_says_it_is_named(monkeypatch):
    read: list[str] = []

    def spy(text, *names):
        read.append(text)
        return find_statement(text, *names)

    monkeypatch.setattr("tmescope.horizon.acting.find_statement", spy)
    found = find_actions(many(600), [TIGIT])
    assert [(one.drug, one.source, one.words) for one in found] == [
        ("drug:examplimab", "pmid:998", WORDS),
        ("drug:zotherimab", "pmid:997", "TIGIT-TKI zotherimab"),
    ]
    assert len(read) == 3  # one title and abstract, and one title: others hold no word of a statement, or come later


@pytest.mark.parametrize(("n_before", "n_found"), [(19_000, 1), (20_000, 0)])
def test_the_end_of_a_text_beyond_all_measure_is_not_read(n_before, n_found):
    found = find_actions(many(0, tail="x " * (n_before // 2) + SAID), [TIGIT])
    assert [one.drug for one in found].count("drug:examplimab") == n_found


def test_many_drugs_are_told_in_few_lines():
    drugs = ["osimertinib", "gefitinib", "erlotinib", "afatinib", "icotinib", "dacomitinib", "neratinib"]
    trials = [trial(n, interventions=[name]) for n, name in enumerate(drugs)]
    found = [mention(one, f"drug:{name}", "intervention", name) for one, name in zip(trials, drugs, strict=True)]
    connection = lake(trials, found)
    notes = map_landscape(connection, make_subject(connection, [EGFR])).notes
    assert sum(", which acts on EGFR (as Open Targets" in note for note in notes) == 5
    assert "and 2 more drugs stand for a target of this landscape" in notes


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    said = stored_paper(7, entered_on=day("2022-05-01"), revised_on=day("2022-05-01"), abstract=SAID)
    made = lake_of(
        tmp_path_factory.mktemp("acting"), {"pubmed1n0001.xml": [batch([said], trials=[stored_trial(1, "2020-06-01")])]}
    )
    rows = [
        ("nct:NCT00000001", "drug:examplimab", "drug", "intervention", "examplimab"),
        ("pmid:7", "drug:examplimab", "drug", "abstract", "Examplimab"),
        ("pmid:7", TIGIT, "gene", "abstract", "TIGIT"),
    ]
    names = ("doc_id", "entity_id", "entity_type", "part", "text")
    for part in made.untagged("abcdef0123"):
        made.add_mentions(part, "abcdef0123", mentions(dict(zip(names, row, strict=True)) for row in rows))
    yield made
    made.close()


@pytest.mark.parametrize(("last", "n_trials"), [("2021-12-31", 0), ("2022-12-31", 1)])
def test_a_frozen_lake_knows_only_what_was_said_by_then(stored, last, n_trials):
    connection = stored.as_of(day(last))
    found = map_landscape(connection, make_subject(connection, [TIGIT], as_of=day(last)), as_of=day(last))
    assert len(found.trials) == n_trials
    assert len(find_actions(connection, [TIGIT], as_of=day(last))) == n_trials
    connection.close()
