"""Databases of a lake are opened when they are asked for, and no two threads have one cursor."""

from __future__ import annotations

import threading

from tests.store.lakes import batch, day, lake_of, paper, source_file

from tmescope.store.lake_databases import LakeDatabases


def test_a_cursor_for_each_thread(tmp_path):
    lake = lake_of(tmp_path, {"a.xml": [batch(paper(n) for n in range(1, 2001))]})
    cursors, wrong = {}, []

    def ask(number):
        for turn in range(15):
            cursor = lake.connect()
            cursors.setdefault(number, set()).add(id(cursor))
            cursor.execute("SELECT doc_id FROM documents WHERE doc_id LIKE ? ORDER BY 1", [f"pmid:{number}%"])
            rows = [r[0] for r in cursor.fetchall()]
            if rows != sorted(f"pmid:{n}" for n in range(1, 2001) if str(n).startswith(str(number))):
                wrong.append((number, turn))
            asof = lake.as_of(day("2021-01-01")).execute("SELECT count(*) FROM documents").fetchone()
            if asof != (366,):
                wrong.append((number, asof))

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(1, 7)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert all(len(found) == 1 for found in cursors.values()), "one cursor a thread"
    assert len(set.union(*cursors.values())) == 6, "and none for two"


def test_what_the_lake_held_before_is_let_go(tmp_path):
    lake = lake_of(tmp_path, {"a.xml": [batch([paper(1)])]})
    databases = LakeDatabases(lake.path, threads=1, memory=1 << 27)
    first = databases.cursor(lake.layout, None, without_damaged=False)
    assert databases.cursor(lake.layout, None, without_damaged=False) is first
    past = databases.cursor(lake.layout, day("2020-01-01"), without_damaged=False)
    assert past.execute("SELECT count(*) FROM documents").fetchone() == (0,)
    lake.add(source_file(tmp_path, "b.xml"), [batch([paper(2)])], source="pubmed")
    second = databases.cursor(lake.layout, None, without_damaged=False)
    assert second is not first
    assert [c.execute("SELECT count(*) FROM documents").fetchone() for c in (first, second)] == [(1,), (2,)]
    databases.close()
    assert databases.cursor(lake.layout, None, without_damaged=False) is not second
