"""The only place that talks to the network: one file over HTTPS, resumed where it broke off, with its limits."""

from __future__ import annotations

import base64
import logging
import ssl
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import IO, TYPE_CHECKING

from tmescope.foundation.errors import FetchError, FileFormatError, MissingFileError
from tmescope.foundation.progress import SILENT, Progress
from tmescope.ingest.answer_headers import is_bounded, read_length, read_part, read_wait
from tmescope.ingest.connection import Clock, Connection, Limits, shown
from tmescope.ingest.deadlines import cut_after
from tmescope.ingest.partials import forget, forget_state, look_at, read_state, write_state

if TYPE_CHECKING:
    import httpx

__all__ = ["Download", "download"]

_LOG = logging.getLogger(__name__)
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_BUSY = frozenset({429, 500, 502, 503, 504})
_MOST_REDIRECTS = 5
_OFFLINE = "if this machine has no access to it: get the file elsewhere and give it with --from FILE"
_RESUME = "run the command again, which goes on from there where the server can; or " + _OFFLINE
_CA = "see --ca-file, or SSL_CERT_FILE"


@dataclass(frozen=True)
class Download:
    """A file that arrived.

    Parameters
    ----------
    path : Path
        Where it is.
    address : str
        Where it was asked for, without names, passwords and queries.
    sha256 : str
        Of its content.
    size : int
        Bytes.
    resumed_from : int
        Bytes that were there from an earlier try; 0 where it came at once.
    """

    path: Path
    address: str
    sha256: str
    size: int
    resumed_from: int


class _Again(Exception):  # noqa: N818 - it is no error until the last try
    """Another try may help."""

    def __init__(self, error: FetchError, wait: float | None = None) -> None:
        self.error = error
        self.wait = wait
        super().__init__(error.what)


@dataclass(frozen=True)
class _Job:
    url: str
    partial: Path
    limits: Limits
    connection: Connection
    ends: float
    clock: Clock
    progress: Progress
    task: str
    is_known: bool  # by its sha256

    def error(self, what: str, *, expected: str | None = None, next_step: str = _OFFLINE) -> FetchError:
        return FetchError(what, where=shown(self.url), expected=expected, next_step=next_step)


def download(
    url: str,
    partial: Path,
    *,
    limits: Limits | None = None,
    connection: Connection | None = None,
    sha256: str | None = None,
    progress: Progress = SILENT,
    clock: Clock | None = None,
) -> Download:
    """Fetch one file over HTTPS.

    Parameters
    ----------
    url : str
        Its address; ``https`` alone, also after redirects.
    partial : Path
        Where the content goes. What an earlier call left there is resumed where the server says that the file is the
        same still (by its ETag, or the date of its last change); else it is written anew.
    limits : Limits, optional
        See there.
    connection : Connection, optional
        Directly, with the usual certificates, if omitted.
    sha256 : str, optional
        What the content must have.
    progress : Progress
        Told of the bytes.
    clock : Clock, optional
        What is waited by between two tries; the time of the machine if omitted.

    Returns
    -------
    Download

    Raises
    ------
    FetchError
        The address is not https or leads away from it; the server cannot be reached, is not trusted, does not have the
        file, is too slow, or does not say how long a file of no known sha256 is; the file is too large, a web page, or
        has another sha256. What came of a file that broke off is kept for the next call; what is wrong is not.
    """
    chosen, time_of = limits or Limits(), clock or Clock()
    job = _Job(
        url,
        partial,
        chosen,
        connection or Connection(),
        time_of.now() + chosen.total_seconds,
        time_of,
        progress,
        partial.stem,
        sha256 is not None,
    )
    wait = chosen.first_wait_seconds
    for number in range(1, chosen.tries + 1):
        try:
            resumed_from = _try_once(job)
            break
        except _Again as again:
            pause = wait if again.wait is None else again.wait
            _LOG.info("try %d of %d for %s: %s", number, chosen.tries, shown(url), again)
            late = time_of.now() + pause > job.ends
            if number == chosen.tries or late or pause > chosen.longest_wait_seconds:
                raise again.error from again.__cause__
            time_of.sleep(pause)
            wait = min(2 * wait, chosen.longest_wait_seconds)
    return _accept(job, sha256, resumed_from=resumed_from)


def _accept(job: _Job, sha256: str | None, *, resumed_from: int) -> Download:
    content = look_at(job.partial)
    problem = None
    if content.odd:
        problem = job.error(f"the server answered with {content.odd} instead of the file", expected="the file itself")
    elif sha256 is not None and content.sha256 != sha256.lower():
        problem = job.error(
            f"the file has the sha256 {content.sha256}",
            expected=sha256.lower(),
            next_step="do not use it: it was altered or is of another version; try again, or ask where it comes from",
        )
    if problem is not None:
        forget(job.partial)
        raise problem
    forget_state(job.partial)
    return Download(job.partial, shown(job.url), content.sha256, content.size, resumed_from)


def _try_once(job: _Job) -> int:
    """Ask once; return how many bytes were there already."""
    have, validator = read_state(job.partial, job.url)
    asked = {"Range": f"bytes={have}-", "If-Range": validator} if have else {}
    with _answer(job, asked) as response:
        if response.status_code == 416 and have:  # the file is no longer as long as what we have
            forget(job.partial)
            raise _Again(job.error("the server has nothing behind what is here already"), 0.0)
        _check_status(job, response)
        begin = _check_part(job, response, have)
        _check_encoding(job, response)
        length = read_length(response.headers)
        _check_size(job, begin + (length or 0))
        etag, modified = (response.headers.get(name, "") for name in ("ETag", "Last-Modified"))
        write_state(job.partial, job.url, etag=etag, modified=modified)
        job.progress.start(job.task, None if length is None else begin + length, unit="bytes")
        job.progress.advance(job.task, begin)
        note = ""
        try:
            with job.partial.open("ab" if begin else "wb") as handle:
                size = _receive(job, response, handle, begin=begin)
            _check_end(job, response, size)
            note = f"{size:,} bytes"
        finally:
            job.progress.finish(job.task, note)
    return begin


def _check_part(job: _Job, response: httpx.Response, have: int) -> int:
    """Return at which byte the answer begins; refuse one whose end nobody could tell from a connection that broke."""
    part = read_part(response.headers)
    if response.status_code == 206 and (part.start != have or (part.total is None and not job.is_known)):
        forget(job.partial)
        raise _Again(job.error("the server sent another part than was asked for"), 0.0)
    if not is_bounded(response.headers) and not job.is_known:
        raise job.error(
            "the server does not say how long the file is: a part of it could pass for the whole",
            expected="a Content-Length, chunks, or a sha256 that is known",
            next_step="state its sha256, if you have it from elsewhere (--sha256); or " + _OFFLINE,
        )
    return have if response.status_code == 206 else 0


def _check_end(job: _Job, response: httpx.Response, size: int) -> None:
    total = read_part(response.headers).total if response.status_code == 206 else None
    if total is not None and size != total:
        if size > total:
            forget(job.partial)
        raise _Again(job.error(f"the server sent {size:,} of {total:,} bytes", next_step=_RESUME))


def _receive(job: _Job, response: httpx.Response, handle: IO[bytes], *, begin: int) -> int:
    size, is_late = begin, False
    for piece in response.iter_raw():
        size += len(piece)
        _check_size(job, size)
        handle.write(piece)
        job.progress.advance(job.task, len(piece))
        if is_late:
            raise job.error(
                f"only {size:,} bytes came in {job.limits.total_seconds:g} seconds: the server is too slow",
                next_step=_RESUME,
            )
        is_late = job.clock.now() > job.ends  # what came late is taken where nothing follows
    return size


def _check_size(job: _Job, size: int) -> None:
    if size > job.limits.max_bytes:
        forget(job.partial)
        raise job.error(f"the file has more than {job.limits.max_bytes:,} bytes", expected="a reference of usual size")


def _check_status(job: _Job, response: httpx.Response) -> None:
    status = response.status_code
    if status in {200, 206}:
        return
    if status in _BUSY:
        wait = read_wait(response.headers)
        asked = f" and asks to wait {wait:g} seconds" if wait is not None else ""
        raise _Again(
            job.error(f"the server is busy (status {status}){asked}", next_step="try later, or " + _OFFLINE), wait
        )
    what = {
        401: "asks for a name and a password",
        403: "refuses access",
        404: "does not have the file",
        410: "has the file no more",
    }
    raise job.error(f"the server {what.get(status, 'answers in an unexpected way')} (status {status})")


def _check_encoding(job: _Job, response: httpx.Response) -> None:
    if (coding := response.headers.get("Content-Encoding", "identity")) != "identity":
        raise job.error(f"the server sends the file in another form ({coding}) than it was asked for")


@contextmanager
def _answer(job: _Job, headers: Mapping[str, str]) -> Iterator[httpx.Response]:
    """Yield the answer behind all redirects; whatever goes wrong on the way is a `FetchError` or worth a try."""
    import httpx

    try:
        with _follow(job, headers) as response:
            yield response
    except httpx.InvalidURL as error:
        raise job.error(f"the address is none: {error}", expected="https://host/path") from error
    except httpx.TimeoutException as error:
        raise _Again(job.error("the server does not answer in time")) from error
    except httpx.TransportError as error:
        if job.clock.now() > job.ends:
            seconds = f"{job.limits.total_seconds:g} seconds"
            raise job.error(f"the file did not come in {seconds}: the server is too slow", next_step=_RESUME) from error
        raise _explain(job, error) from error


@contextmanager
def _follow(job: _Job, headers: Mapping[str, str]) -> Iterator[httpx.Response]:
    import httpx

    url = httpx.URL(job.url)
    for _ in range(_MOST_REDIRECTS + 1):
        _check_https(job, url)
        with _transport(job, url.host) as transport, closing(_ask(transport, job, url, headers=headers)) as response:
            if response.status_code not in _REDIRECTS:
                yield response
                return
            url = url.join(response.headers.get("Location", ""))
    raise job.error(f"the server redirects more than {_MOST_REDIRECTS} times")


def _explain(job: _Job, error: httpx.TransportError) -> FetchError | _Again:
    import httpx

    causes = list(_causes(error))
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return job.error(
                f"the server's certificate is not trusted: {cause.verify_message}",
                next_step="behind a proxy of the company: give its certificates with --ca-file FILE or SSL_CERT_FILE",
            )
    if isinstance(error, httpx.ProxyError):
        proxy = shown(job.connection.proxy or "")
        return job.error(f"the proxy {proxy} refuses: {error}", next_step="see HTTPS_PROXY, or " + _OFFLINE)
    through = f" (through the proxy {shown(job.connection.proxy)})" if job.connection.proxy else ""
    if any(type(cause).__name__ == "gaierror" for cause in causes):
        return job.error(f"the name of the server is not known here{through}: no network, or no name service")
    if isinstance(error, httpx.ConnectError):
        return _Again(job.error(f"the server cannot be reached{through}: {error}"))
    return _Again(
        job.error(
            f"the connection broke off: {error}",
            next_step=_RESUME,
        )
    )


def _causes(error: BaseException) -> Iterator[BaseException]:
    found: BaseException | None = error
    while found is not None:
        yield found
        found = found.__cause__ or found.__context__


def _check_https(job: _Job, url: httpx.URL) -> None:
    if url.scheme != "https" or not url.host:
        leads = "" if str(url) == job.url else f", where {shown(job.url)} leads"
        raise FetchError(
            f"the address is not https: {shown(str(url))}{leads}",
            where=shown(job.url),
            expected="https:// throughout: without it anybody on the way can alter the file",
        )


def _transport(job: _Job, host: str) -> httpx.HTTPTransport:
    import httpx

    try:
        ca_file = job.connection.ca_file
        trusted = ssl.create_default_context(cafile=ca_file) if ca_file else httpx.create_ssl_context(trust_env=False)
    except FileNotFoundError as error:
        raise MissingFileError("the file of certificates is not there", where=str(ca_file), next_step=_CA) from error
    except ssl.SSLError as error:
        what = "the file holds no certificates"
        raise FileFormatError(what, where=str(ca_file), expected="PEM", next_step=_CA) from error
    except OSError as error:
        what = f"the file of certificates cannot be read: {error.strerror}"
        raise FileFormatError(what, where=str(ca_file), expected="a file, PEM", next_step=_CA) from error
    # the transport itself, not a client: a client follows redirects, reads the environment and logs addresses in full
    return httpx.HTTPTransport(verify=trusted, trust_env=False, proxy=_proxy(job, host))


def _proxy(job: _Job, host: str) -> str | None:
    import httpx

    named = job.connection.proxy_for(host)
    if named is None:
        return None
    address = named if "://" in named else f"http://{named}"  # as other programs read it
    with suppress(httpx.InvalidURL):
        if (url := httpx.URL(address)).scheme in {"http", "https"} and url.host:
            return address
    raise job.error(
        f"the proxy {shown(named)} cannot be used",
        expected="http://HOST:PORT or https://HOST:PORT",
        next_step="correct HTTPS_PROXY (or https_proxy), or " + _OFFLINE,
    )


def _ask(transport: httpx.HTTPTransport, job: _Job, url: httpx.URL, *, headers: Mapping[str, str]) -> httpx.Response:
    import httpx

    seconds = job.limits
    timeout = httpx.Timeout(seconds.read_seconds, connect=seconds.connect_seconds)
    said = {
        "User-Agent": f"tmescope/{metadata.version('tmescope')}",
        "Accept": "*/*",
        "Accept-Encoding": "identity",
        **headers,
    }
    if url.userinfo:
        said["Authorization"] = "Basic " + base64.b64encode(f"{url.username}:{url.password}".encode()).decode()
    bare = url.copy_with(userinfo=b"", fragment=None)
    with cut_after(job.ends - job.clock.now()) as listen:
        extensions = {"timeout": timeout.as_dict(), "trace": listen}
        return transport.handle_request(httpx.Request("GET", bare, headers=said, extensions=extensions))
