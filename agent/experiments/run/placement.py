"""Where trials run: in threads of this process, or on a Dask cluster of any size.

A place takes jobs and calls back from its own threads. On a cluster each worker offers the
resource ``desktop`` once for every trial that it may run at a time; a process should offer
one only, since its X connections are its own.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol

from agent.errors import ConfigurationError
from agent.experiments.extras import extra
from agent.experiments.plan.trial import Job
from agent.experiments.run.parcels import fetched, put, try_out
from agent.experiments.run.play import Progress, Tell, play, stop_here
from agent.experiments.run.trial_environment import TrialEnvironment

_log = logging.getLogger(__name__)

TOPIC = "sayso-trials"
RESOURCE = "desktop"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came back of a job: its result and folder, or the reason why nothing did."""

    job: Job
    result: str = ""
    folder: bytes = b""
    worker: str = ""
    lost: str = ""


Done = Callable[[Outcome], None]


class Placement(Protocol):
    """A place where trials run."""

    @property
    def slots(self) -> int:
        """How many trials may run at a time, just now."""
        ...

    def submit(
        self, job: Job, environment: TrialEnvironment, done: Done, *, avoid: str = ""
    ) -> None:
        """Carry out a job and call ``done`` once; not on the worker ``avoid`` if others are."""
        ...

    def watch(self, tell: Tell) -> None:
        """Pass progress of running trials to ``tell``."""
        ...

    def stop(self, trial: str | None, reason: str) -> None:
        """Stop one trial that runs, or all."""
        ...

    def close(self) -> None: ...


class LocalPlacement:
    """Threads of this process: for tests, and for one desktop at a time."""

    def __init__(self, slots: int = 1) -> None:
        self.slots = slots
        self._pool = ThreadPoolExecutor(slots, thread_name_prefix="trial")
        self._tell: Tell = lambda _: None

    def submit(
        self, job: Job, environment: TrialEnvironment, done: Done, *, avoid: str = ""
    ) -> None:
        def finished(future: Future[tuple[str, bytes]]) -> None:
            if future.cancelled():
                done(Outcome(job, lost="cancelled"))
            elif (error := future.exception()) is not None:
                done(Outcome(job, lost=repr(error)))
            else:
                done(Outcome(job, *future.result(), worker="here"))

        self._pool.submit(play, job, environment, self._pass_on).add_done_callback(finished)

    def _pass_on(self, progress: Progress) -> None:
        self._tell(progress)

    def watch(self, tell: Tell) -> None:
        self._tell = tell

    def stop(self, trial: str | None, reason: str) -> None:
        stop_here(trial, reason)

    def close(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)


class DaskPlacement:
    """A Dask cluster: one of our own, or any by its scheduler's address.

    Args:
        address: of a scheduler, as ``tcp://host:8786``; a cluster on this machine if None.
        slots: worker processes of a cluster of our own, a desktop each.
        patience: seconds for the scheduler to answer.
        via: folder that workers and this process reach (a path, or an address of fsspec's as
            ``s3://bucket/folder``), through which trials' files come instead of the scheduler.

    Raises:
        ConfigurationError: Dask is not installed, no scheduler answers there, no worker
            process can be started, or the folder cannot be used.
    """

    def __init__(
        self,
        address: str | None = None,
        *,
        slots: int = 2,
        patience: float = 15.0,
        via: str = "",
    ) -> None:
        self._distributed = extra("distributed")
        self._via = via
        if via:
            try_out(via)
        self._cluster = None if address else self._own_cluster(slots)
        try:
            self._client = self._distributed.Client(address or self._cluster, timeout=patience)
        except (OSError, ValueError, TimeoutError) as error:
            raise ConfigurationError(
                f"No scheduler answers at {address}: {error}. Start one with `dask scheduler`, "
                f"and workers with `dask worker {address} --nthreads 1 --resources desktop=1`."
            ) from error

    def _own_cluster(self, slots: int) -> Any:
        try:
            return self._distributed.LocalCluster(
                n_workers=slots,
                threads_per_worker=1,
                resources={RESOURCE: 1},
                processes=True,
                host="127.0.0.1",
                dashboard_address="127.0.0.1:0",  # its web server listens whether wanted or not
                scheduler_kwargs={"dashboard": False},
                silence_logs=50,
            )
        except RuntimeError as error:
            raise ConfigurationError(
                f"Worker processes cannot be started here ({error}). Python starts them by reading "
                'the program again: a script must do its work below `if __name__ == "__main__":`.'
            ) from error

    @property
    def slots(self) -> int:
        return sum(self._workers().values())

    @property
    def workers(self) -> int:
        """Workers of any kind, those without a desktop included."""
        return len(self._client.scheduler_info(n_workers=-1)["workers"])

    def _workers(self) -> dict[str, int]:
        info = self._client.scheduler_info(n_workers=-1)["workers"]
        offers = {name: int(w["resources"].get(RESOURCE, 0)) for name, w in info.items()}
        return {name: count for name, count in offers.items() if count}

    def submit(
        self, job: Job, environment: TrialEnvironment, done: Done, *, avoid: str = ""
    ) -> None:
        others = [name for name in self._workers() if name != avoid]
        future = self._client.submit(
            _on_worker,
            job,
            environment,
            self._via,
            pure=False,
            resources={RESOURCE: 1},
            workers=others if avoid and others else None,
            allow_other_workers=False,
        )

        def finished(future: Any) -> None:
            done(_outcome(job, future))

        future.add_done_callback(finished)

    def watch(self, tell: Tell) -> None:
        def handle(event: tuple[float, Progress]) -> None:
            tell(event[1])

        self._client.subscribe_topic(TOPIC, handle)

    def stop(self, trial: str | None, reason: str) -> None:
        self._client.run(_stop_on_worker, trial, reason, on_error="ignore", wait=False)

    def close(self) -> None:
        with contextlib.suppress(OSError, TimeoutError):
            self._client.close(timeout=5)
        if self._cluster is not None:
            self._cluster.close(timeout=10)


def _outcome(job: Job, future: Any) -> Outcome:
    if future.status != "finished":
        error = future.exception() if future.status == "error" else future.status
        return Outcome(job, lost=f"{error!r}")
    try:
        worker, result, folder = future.result()
        if isinstance(folder, str):
            folder = fetched(folder)
    except Exception as error:  # noqa: BLE001 - whatever was pickled on the worker; kept as text
        _log.warning("The result of %s cannot be read", job.id, exc_info=True)
        return Outcome(job, lost=repr(error))
    return Outcome(job, result, folder, worker)


async def _stop_on_worker(trial: str | None, reason: str) -> None:
    """A coroutine, since workers wait for whatever is none."""
    stop_here(trial, reason)


def _on_worker(job: Job, environment: TrialEnvironment, via: str) -> tuple[str, str, bytes | str]:
    """Runs on a worker; progress goes through the scheduler's event log."""
    worker = extra("distributed").get_worker()
    result, folder = play(job, environment, lambda progress: worker.log_event(TOPIC, progress))
    return worker.address, result, put(via, job.id, folder) if via else folder
