"""Files of labelled texts that are fitted from disk, or on a cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from vikt.corpus.dialect import DEFAULT_DIALECT, Dialect
from vikt.corpus.frames import frame_of
from vikt.corpus.label_reading import ONE_LABEL, LabelReading
from vikt.errors import InputFileError, ParameterError
from vikt.files.work_folder import WorkFolder, work_folder
from vikt.fitting.saved import SavedModel
from vikt.fitting.settings import FitSettings
from vikt.fitting.sharded.cluster_rows import ClusterAddress
from vikt.fitting.sharded.disk_rows import Disk
from vikt.fitting.sharded.memory_limit import MemoryLimit
from vikt.fitting.sharded.recipe_rows import RowPlace
from vikt.fitting.sharded.shard_fit import ShardFit
from vikt.fitting.sharded.shard_store import discard_shards
from vikt.fitting.sharded.shard_work import ShardWork
from vikt.fitting.sharded.shards import Shards
from vikt.mappings import Json
from vikt.parameters import plain
from vikt.progress import Progress
from vikt.spool.spool import Spool
from vikt.spool.spooling import spool
from vikt.tables import quoted

_SPOOL = "spool"


@dataclass(frozen=True)
class LabelledFiles:
    """The files, their columns, and how they are read; see `vikt.spool.spooling.spool`."""

    data: Sequence[str | Path]
    text: str | None = None
    label: str | None = None
    weight: str | None = None
    reading: LabelReading = ONE_LABEL
    format: str | None = None
    dialect: Dialect = DEFAULT_DIALECT

    def job(self, settings: FitSettings) -> Json:
        """What makes a model of these files what it is."""
        return {
            "data": [str(name) for name in self.data],
            "--text": self.text,
            "--label": self.label,
            "--weight": self.weight,
            "--format": self.format,
            **{f"--{name}": value for name, value in asdict(self.dialect).items()},
            **settings.options,
        }

    def spooled(self, folder: WorkFolder, seed: int, progress: Progress) -> Spool:
        """The rows on disk, in a work folder, of which nothing stays where a file is refused."""
        try:
            return spool(
                self.data,
                folder / _SPOOL,
                text=self.text,
                label=self.label,
                weight=self.weight,
                reading=self.reading,
                format=self.format,
                dialect=self.dialect,
                seed=seed,
                progress=progress,
            )
        except InputFileError:
            # Once the file has changed, nothing could resume from here.
            folder.clear()
            raise


@dataclass(frozen=True)
class FileFit:
    """A fit of files that is to begin: its settings, what it may take of this process, and where its rows are to lie.

    Attributes
    ----------
    cluster : ClusterAddress, optional
        The cluster whose workers are to hold the rows; without one, the rows are on disk.
    """

    settings: FitSettings
    memory: MemoryLimit
    threads: int
    cluster: ClusterAddress | None = None

    @contextmanager
    def opened(
        self,
        path: Path,
        job: Json,
        spooled: Callable[[WorkFolder], Spool],
        progress: Progress,
        *,
        restart: bool = False,
        tenths: int = 1,
    ) -> Iterator[ShardFit]:
        """The fit, whose work is in a folder that is removed at the end; see `vikt.files.work_folder.work_folder`.

        Parameters
        ----------
        job : mapping
            What makes the model what it is.
        spooled : callable
            Spools the rows in the folder.
        tenths : int
            See `ShardWork`.
        """
        with (
            self._place() as anywhere,
            work_folder(
                path,
                {**job, "--cluster": self.cluster is not None, "--groups": anywhere.groups},
                shared=[_SPOOL],
                restart=restart,
                discard=discard_shards,
            ) as folder,
        ):
            place = anywhere.at(folder)
            spool = place.sharded(spooled(folder))
            self.memory.check_shards(spool)
            shards = Shards.once(spool, folder, progress)
            work = ShardWork(shards, self.settings, folder, tenths, self.memory, self.threads, progress)
            yield ShardFit(work, place)

    def _place(self) -> AbstractContextManager[RowPlace]:
        return nullcontext(Disk()) if self.cluster is None else self.cluster.opened()


def paths_of(given: str | Path | Iterable[str | Path]) -> list[str | Path]:
    """The paths that a caller gives, one or several. Raises ParameterError where data are given instead."""
    if isinstance(given, str | Path):
        return [given]
    frame = frame_of(given)
    if frame is not None:
        raise ParameterError("paths", f"expected paths, found a frame with the columns {quoted(frame)}; use fit")
    try:
        paths = list(given)
    except TypeError:
        raise ParameterError("paths", f"expected paths, found {given!r:.60}; name files") from None
    others = [path for path in paths if not isinstance(path, str | Path)]
    if others:
        first = plain(others[0])
        raise ParameterError("paths", f"expected paths, found {first!r:.60} among them; name files, or use fit")
    return paths


def fit_files(
    files: LabelledFiles,
    fit: FileFit,
    work_dir: str | Path | None,
    restart: bool,
    progress: Progress,
) -> SavedModel:
    """The model of the rows of files, of which a tenth has validated; parameters as of `TextClassifier.fit_files`."""
    settings = fit.settings
    files = replace(files, reading=LabelReading(settings.targets.kind))
    spooled = partial(files.spooled, seed=settings.random_state, progress=progress)
    with (
        _folder(work_dir) as path,
        fit.opened(path, files.job(settings), spooled, progress, restart=restart) as opened,
    ):
        return opened.fitted()


@contextmanager
def _folder(named: str | Path | None) -> Iterator[Path]:
    """The folder for the work, or one that does not outlast it."""
    if named is not None:
        yield Path(named)
        return
    with TemporaryDirectory(prefix="vikt-") as temporary:
        path = Path(temporary) / "work"
        try:
            yield path
        finally:
            discard_shards(path)
