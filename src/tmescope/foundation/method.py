"""What a method is: a frozen description and a function. Differences between methods are fields, never names."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib import metadata
from typing import Any, Literal

from tmescope.foundation.errors import MethodError, UnknownNameError

__all__ = ["THREADS", "Method", "MethodSpec", "Parameter", "find_method", "load_plugins", "resolve_parameters"]

ENTRY_POINT_GROUP = "tmescope.methods"
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Parameter:
    """One parameter of a method.

    Parameters
    ----------
    name : str
        Keyword in the function and in the study file.
    kind : type
        ``float``, ``int``, ``bool`` or ``str``.
    default : object
        Value where the user says nothing.
    summary : str
        One sentence: meaning, unit and allowed range.
    low, high : float, optional
        Allowed closed range for numbers.
    choices : tuple of str
        The words that a text may be; any where there are none.
    is_required : bool
        Whether the user must name a value: the default stands for none.
    """

    name: str
    kind: type
    default: Any
    summary: str
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    is_required: bool = False


THREADS = Parameter("threads", int, 1, "Threads; the answer does not depend on them (1 to 256).", 1, 256)
"""The parameter of every method that shares its rows among threads."""


@dataclass(frozen=True)
class MethodSpec:
    """Description of a method: everything that the runner, the report and the tests need to know about it.

    Parameters
    ----------
    name : str
        Snake-case, as used in the study file.
    room : str
        ``bulk``, ``cells`` or ``spatial``.
    summary : str
        One sentence: what question it answers.
    needs_log : bool
        True where the method takes log2(x+1) values (log2 intensities of arrays as they are), False for linear ones.
    units : tuple of str
        Units that it accepts (see `tmescope.foundation.scale.UNITS`).
    scope : {"sample", "cohort"}
        Whether a sample's value depends on that sample alone or on the cohort around it.
    unit : str
        Unit of the output.
    low, high : float
        Range that every output lies in.
    reference : str
        DOI of the paper that defines it.
    licence : str
        Licence of its reference data; empty where it has none.
    commercial_use : bool
        Whether a company may use it with that reference data.
    ties : str
        What happens to equal values.
    parameters : tuple of Parameter
        In the order in which help shows them.
    gene_sets : str, optional
        Name of the bundled collection that the method always uses; None where the user chooses signatures.
    min_samples : int
        Fewest samples on which the result is defined.
    drops_constant_genes : bool
        Whether genes that do not vary over the cohort are taken out of the sets first.
    ranks_all_genes : bool
        Whether genes outside the sets matter, so that cohorts are only comparable over the same genes.
    higher_means : str
        How to read a larger value.
    weights : {"", "sign", "value"}
        What the method takes of the weights that a signature has: nothing, which genes fall where the others rise, or
        the weights themselves (signatures without are then left out).
    derived : tuple of str
        Outputs beyond one for each set, which the method computes from all of its sets together; ``run`` returns them
        in further columns, and their coverage is that of all sets.
    sorts_genes : bool
        Whether genes are brought into the order of their names first, because the original breaks ties by it; all other
        methods take them in the order of the matrix.
    universe : str
        Installed reference whose genes alone the original ranks, such as ``estimate``; empty where there is none. A
        study that pins it sees those genes, others are told that their scores compare with no published ones.
    installed : str
        Installed reference that a deconvolution method stands on, such as ``quantiseq``; empty where it has none.
    own_reference : bool
        Whether a deconvolution method takes profiles of cell types that the user supplies.
    additive : bool
        Whether its outputs are shares of disjoint cell types, so that those of the kinds of one type may be added.
    """

    name: str
    room: str
    summary: str
    needs_log: bool
    units: tuple[str, ...]
    scope: Literal["sample", "cohort"]
    unit: str
    low: float
    high: float
    reference: str
    higher_means: str
    licence: str = ""
    commercial_use: bool = True
    ties: str = "equal values are treated alike"
    parameters: tuple[Parameter, ...] = ()
    gene_sets: str | None = None
    min_samples: int = 1
    drops_constant_genes: bool = False
    ranks_all_genes: bool = False
    weights: Literal["", "sign", "value"] = ""
    derived: tuple[str, ...] = ()
    sorts_genes: bool = False
    universe: str = ""
    installed: str = ""
    own_reference: bool = False
    additive: bool = False


@dataclass(frozen=True)
class Method:
    """A specification and the function that carries it out.

    Parameters
    ----------
    spec : MethodSpec
        The description.
    run : callable
        ``run(values, sets, parameters)``; each room states the types.
    fit : callable, optional
        ``fit(values, sets, parameters)`` returns what a method of scope ``cohort`` must keep of a cohort, as a mapping
        of names to arrays.
    apply : callable, optional
        ``apply(values, sets, parameters, state=state)`` gives each new sample the score that it has beside that cohort.
    lead : callable, optional
        ``lead(values, sets, parameters, state=state)`` says what each gene of the sets adds to each sample's score and
        whether it carries it; `state` is what `fit` returned, None for methods that have none.
    vocabulary : callable, optional
        ``vocabulary(reference, parameters)`` returns the genes that a deconvolution method looks for, as its reference
        writes them.
    further : callable, optional
        ``further(parameters)`` returns, as pairs of name and version, the installed references that a deconvolution
        method reads beside `spec.installed`; a method that has it is given a mapping of names to contents.
    renames : callable, optional
        ``renames(parameters)`` says whether a deconvolution method looks up names of genes by itself, so that they must
        reach it as they were measured.
    """

    spec: MethodSpec
    run: Callable[..., Any] = field(repr=False)
    fit: Callable[..., Any] | None = field(default=None, repr=False)
    apply: Callable[..., Any] | None = field(default=None, repr=False)
    lead: Callable[..., Any] | None = field(default=None, repr=False)
    vocabulary: Callable[..., Any] | None = field(default=None, repr=False)
    further: Callable[..., Any] | None = field(default=None, repr=False)
    renames: Callable[..., bool] | None = field(default=None, repr=False)


def find_method(name: str, methods: Sequence[Method], *, where: str | None = None) -> Method:
    """Return the method of that name.

    Parameters
    ----------
    name : str
        As in the study file.
    methods : sequence of Method
        Where to look.
    where : str, optional
        Place of the name, for the message.

    Raises
    ------
    UnknownNameError
        With "did you mean" where there is none.
    """
    for method in methods:
        if method.spec.name == name:
            return method
    raise UnknownNameError.of("method", name, [m.spec.name for m in methods], where=where)


def load_plugins(room: str) -> tuple[tuple[Method, ...], tuple[str, ...]]:
    """Load third-party methods of a room from the entry point group ``tmescope.methods``.

    Parameters
    ----------
    room : str
        Only methods whose spec names this room are returned.

    Returns
    -------
    methods : tuple of Method
        Sorted by name.
    broken : tuple of str
        One sentence for each plug-in that could not be loaded; the rest still works.
    """
    methods: list[Method] = []
    broken: list[str] = []
    for entry in sorted(metadata.entry_points(group=ENTRY_POINT_GROUP), key=lambda e: e.name):
        try:
            method = entry.load()
        except Exception as error:  # a plug-in may fail in any way it likes; it must not take the platform down
            _LOG.warning("plug-in %s failed to load: %s", entry.name, error)
            broken.append(f"the plug-in method {entry.name!r} ({entry.value}) could not be loaded: {error}")
            continue
        if not isinstance(method, Method):
            broken.append(f"the plug-in {entry.name!r} ({entry.value}) is not a tmescope Method")
        elif method.spec.room == room:
            methods.append(method)
    return tuple(methods), tuple(broken)


def resolve_parameters(spec: MethodSpec, given: dict[str, Any]) -> dict[str, Any]:
    """Return all parameters of a method, defaults filled in, checked for name, type and range.

    Parameters
    ----------
    spec : MethodSpec
        The method.
    given : dict
        Name to value; may be empty.

    Returns
    -------
    dict
        Every parameter of the spec.

    Raises
    ------
    UnknownNameError
        If the method has no such parameter, or the parameter no such choice.
    MethodError
        If a value has the wrong type or is out of range.
    """
    known = {p.name: p for p in spec.parameters}
    for name in given:
        if name not in known:
            raise UnknownNameError.of(f"parameter of {spec.name}", name, known)
    resolved: dict[str, Any] = {}
    for name, parameter in known.items():
        value: Any = given.get(name, parameter.default)
        accepted: Any = (int, float) if parameter.kind is float else (parameter.kind,)
        if not isinstance(value, accepted) or (isinstance(value, bool) and parameter.kind is not bool):
            raise MethodError(
                f"{spec.name}: {name} = {value!r} has the wrong type",
                expected=f"{parameter.kind.__name__}: {parameter.summary}",
            )
        if parameter.choices and value not in parameter.choices:
            raise UnknownNameError.of(f"{name} of {spec.name}", str(value), parameter.choices)
        too_low = parameter.low is not None and value < parameter.low
        too_high = parameter.high is not None and value > parameter.high
        if too_low or too_high:
            raise MethodError(f"{spec.name}: {name} = {value!r} is out of range", expected=parameter.summary)
        resolved[name] = parameter.kind(value)
    return resolved
