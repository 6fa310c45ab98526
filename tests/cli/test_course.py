from __future__ import annotations

import pytest

from tmescope.cli import course as module
from tmescope.cli.course import Course, Task, memory_now, shown_amount, shown_rate, shown_time


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def course(clock):
    return Course(clock)


def _step(course, clock, name, seconds, note="done"):
    course.start(name, None, "")
    clock.now += seconds
    return course.finish(name, note)


def test_a_task_within_a_step_is_no_step(course, clock):
    assert course.start("a", None, "")
    assert not course.start("inner", 2, "files")
    assert course.finish("inner", "done") is None
    clock.now += 3
    assert course.finish("a", "done").seconds == 3
    assert [f.name for f in course.finished] == ["a"]


def test_a_step_that_ends_ends_what_is_open_within(course):
    course.start("a", None, "")
    course.start("left open by an error", None, "")
    assert course.finish("a", "failed").note == "failed"
    assert course.open == []
    assert course.finish("a", "again") is None


def test_the_position_counts_planned_and_other_steps(course, clock):
    _step(course, clock, "before the plan", 1)
    course.plan({"a": 1, "b": 1})
    assert course.position() == (1, 3)
    course.start("a", None, "")
    assert course.position() == (2, 3)


def test_nothing_is_estimated_without_evidence(course, clock):
    assert course.seconds_left() is None
    course.plan({"a": 1.0, "b": 3.0})
    assert course.seconds_left() is None
    course.start("a", None, "")
    clock.now += 60
    assert course.seconds_left() is None, "a step that does not say how far it is supports no number"


def test_the_rest_takes_as_long_for_its_weight_as_what_is_done(course, clock):
    course.plan({"a": 1.0, "b": 3.0})
    _step(course, clock, "a", 10)
    assert course.seconds_left() == pytest.approx(30)
    assert course.share() == pytest.approx(0.25)
    course.start("b", 100, "samples")
    course.advance("b", 50)
    clock.now += 20
    assert course.seconds_left() == pytest.approx(3.0 * 0.5 * 20 / 1.5)  # its own kind knows better
    assert course.share() == pytest.approx((1 + 1.5) / 4)


def test_kept_steps_say_nothing_about_speed(course, clock):
    course.plan({"a": 1.0, "b": 1.0, "c": 1.0})
    _step(course, clock, "a", 0.0, "unchanged")
    assert course.seconds_left() is None
    _step(course, clock, "b", 5)
    assert course.seconds_left() == pytest.approx(5)


def test_steps_of_a_kind_are_measured_by_their_kind(course, clock):
    course.plan({"read-a": 1.0, "score-a": 1.0, "read-b": 1.0, "score-b": 1.0})
    _step(course, clock, "read-a", 2)
    _step(course, clock, "score-a", 20)
    assert course.seconds_left() == pytest.approx(22)


def test_a_step_that_says_it_is_done_still_needs_something(course, clock):
    course.plan({"a": 1.0, "b": 1.0})
    course.start("a", 10, "files")
    course.advance("a", 10)
    clock.now += 4
    assert course.seconds_left() > 4, "b is to come"


def test_without_a_plan_the_share_is_that_of_the_step(course):
    assert course.share() is None
    course.start("fetch", 200, "bytes")
    course.advance("fetch", 50)
    assert course.share() == 0.25


def test_rates(course, clock):
    assert course.rate() is None
    course.start("step", None, "")
    course.start("bytes", 100, "bytes")
    course.advance("bytes", 50)
    assert course.rate() is None, "no time has gone by"
    clock.now += 2
    assert course.rate() == (25, "bytes")


def test_the_summary_names_the_longest_steps(course, clock):
    assert course.summary() == ""
    for i in range(7):
        _step(course, clock, f"s{i}", i + 1)
    _step(course, clock, "k", 0, "unchanged")
    assert course.summary() == (
        "longest steps: s6 7.0 s, s5 6.0 s, s4 5.0 s, s3 4.0 s, s2 3.0 s, 2 others 3.0 s; 1 unchanged"
    )


def test_one_step_needs_no_summary(course, clock):
    _step(course, clock, "fetch", 3)
    assert course.summary() == ""


@pytest.mark.parametrize(
    ("seconds", "text"), [(None, "-"), (0, "0:00"), (65.4, "1:05"), (3600, "1:00:00"), (3725, "1:02:05")]
)
def test_times(seconds, text):
    assert shown_time(seconds) == text


@pytest.mark.parametrize(
    ("task", "text"),
    [
        (Task("a", None, "", 0), ""),
        (Task("a", 14, "samples", 0, 3), "3 of 14 samples"),
        (Task("a", None, "rows", 0, 3), "3 rows"),
        (Task("a", 3.4e6, "bytes", 0, 1.2e6), "1.2 of 3.4 MB"),
        (Task("a", None, "bytes", 0, 12), "12.0 bytes"),
    ],
)
def test_amounts(task, text):
    assert shown_amount(task) == text


@pytest.mark.parametrize(
    ("rate", "text"),
    [
        (None, "-"),
        ((12.34e6, "bytes"), "12.3 MB/s"),
        ((3.0, "bytes"), "3.0 bytes/s"),
        ((1200.4, "samples"), "1,200 samples/s"),
        ((0.25, "files"), "0.25 files/s"),
    ],
)
def test_rates_as_text(rate, text):
    assert shown_rate(rate) == text


def test_memory_is_that_of_this_process(monkeypatch, tmp_path):
    held = bytearray(200 << 20)
    held[:: 1 << 12] = b"1" * len(held[:: 1 << 12])
    value, unit = memory_now().replace(",", "").split()
    assert unit == "MB"
    assert 200 < float(value) < 100_000
    monkeypatch.setattr(module, "_MEASURE", tmp_path / "none")
    assert memory_now() == ""
