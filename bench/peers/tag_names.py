"""The peer: names before an empty line, texts behind it; prints the seconds that pyahocorasick needs for the texts."""

import sys
import time

import ahocorasick

head, _, tail = sys.stdin.read().partition("\n\n")
automaton = ahocorasick.Automaton()
for number, name in enumerate(head.split("\n")):
    automaton.add_word(name, number)
automaton.make_automaton()
texts = tail.split("\n")
times = []
for _ in range(3):
    start = time.process_time()
    n = sum(1 for text in texts for _ in automaton.iter_long(text.lower()))
    times.append(time.process_time() - start)
sys.stdout.write(str(min(times)))
