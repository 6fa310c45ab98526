"""Benchmarks beside their peers: ``python -m bench [NAME ...]``. They measure; no test depends on them.

A benchmark is a module in this folder with ``SUMMARY`` (one sentence) and ``run()``, which returns rows: a
list of dictionaries with the same keys, numbers with their unit in the key. One that has options of its own takes them
as ``run(arguments)``: ``python -m bench ingest_speed --samples 10000``.
"""
