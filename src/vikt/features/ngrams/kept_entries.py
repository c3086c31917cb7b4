"""The entries of shards in files: what learners found there, from which rows are made once columns are chosen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np

from vikt.arrays import Ids, Ints
from vikt.compiled import compiled
from vikt.features.ngrams import learning_kernels
from vikt.features.ngrams.learning import CountedPortion, IdsThere
from vikt.features.ngrams.ngrams import FittedNgrams
from vikt.features.ngrams.row_kernels import CountArrays
from vikt.features.ngrams.weighing import Weigher
from vikt.files.array_file import ArrayFile, write_arrays
from vikt.threads import Run

# A learner's entries are written once there are this many.
_ENTRIES_PER_FILE = 1 << 21
# The file that is written last: it names the others, and has the ids.
_LIST = "list"


class EntryWriter:
    """Writes the entries of a shard to files of a folder; see `EntryKeeper`. Few are in memory at a time."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._waiting: dict[int, list[CountedPortion]] = {}
        self._names: dict[int, list[str]] = {}

    def keep(self, learner: int, portion: CountedPortion) -> None:
        waiting = self._waiting.setdefault(learner, [])
        waiting.append(portion)
        if sum(len(each.ids) for each in waiting) >= _ENTRIES_PER_FILE:
            self._write(learner)

    def finish(self, ids: Sequence[Sequence[IdsThere]]) -> None:
        for learner in list(self._waiting):
            self._write(learner)
        arrays = {
            f"{learner}.{space}": own
            for learner, of_spaces in enumerate(ids, start=1)
            for space, own in enumerate(of_spaces)
            if not isinstance(own, slice)
        }
        names = [self._names.get(learner, []) for learner in range(len(ids) + 1)]
        write_arrays(self._folder / _LIST, arrays, {"names": names})

    def _write(self, learner: int) -> None:
        portions, names = self._waiting.pop(learner), self._names.setdefault(learner, [])
        names.append(f"{learner}-{len(names):03}")
        arrays = {
            f"{number}.{name}": array
            for number, portion in enumerate(portions)
            for name, array in portion._asdict().items()
        }
        write_arrays(self._folder / names[-1], arrays, {"n_documents": [portion.n_documents for portion in portions]})


class KeptPortion(NamedTuple):
    """A portion that a learner has found, and the documents that are wanted of it."""

    learner: int
    portion: CountedPortion
    documents: Ints


class KeptEntries:
    """The entries of a shard in the files of a folder that an `EntryWriter` wrote.

    Raises
    ------
    InputFileError
        A file is damaged or cannot be read, now or later.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._list = ArrayFile(folder / _LIST)

    @classmethod
    def found(cls, folder: Path) -> KeptEntries | None:
        """The entries, if all files are there."""
        if not (folder / _LIST).exists():
            return None
        kept = cls(folder)
        return kept if all(path.exists() for _, path in kept._files) else None

    @property
    def _files(self) -> list[tuple[int, Path]]:
        """The learner of each file, and its path, in the order of documents."""
        of_learners = enumerate(self._list.facts["names"])
        return [(learner, self._folder / name) for learner, names in of_learners for name in names]

    def ids(self, learner: int, n_spaces: int) -> list[IdsThere]:
        """What the ids of a learner are in the first one, for each space."""
        names = [f"{learner}.{space}" for space in range(n_spaces)]
        return [self._list.read([name])[name] if name in self._list.names else slice(None) for name in names]

    def portions(self, documents: Ints) -> Iterator[KeptPortion]:
        """Those that have some of the documents of a shard, whose numbers rise."""
        first = 0
        for learner, path in self._files:
            file = ArrayFile(path)
            for number, n_documents in enumerate(file.facts["n_documents"]):
                begin, end = np.searchsorted(documents, [first, first + n_documents])
                if begin < end:
                    arrays = file.read([f"{number}.{name}" for name in CountedPortion._fields])
                    yield KeptPortion(learner, CountedPortion(*arrays.values()), documents[begin:end] - first)
                first += n_documents


@dataclass(frozen=True, eq=False)
class LearntNgrams:
    """N-grams after fitting, and for each space the column of each id that was learnt, NONE where it has none."""

    fitted: FittedNgrams
    columns: Sequence[Ids]

    def counted(self, kept: KeptEntries, documents: Ints, run: Run) -> Iterable[CountArrays]:
        """The counts of documents of a shard, portion by portion: those that their texts have, to the last bit."""
        loops = compiled(learning_kernels.__name__)

        def counts(found: tuple[Weigher, KeptPortion]) -> CountArrays:
            weigher, (_, portion, own) = found
            return weigher.counts_of_entries(portion, own, loops)

        return run(counts, self._weighed(kept, documents))

    def _weighed(self, kept: KeptEntries, documents: Ints) -> Iterator[tuple[Weigher, KeptPortion]]:
        """Each portion in turn, and what weighs it."""
        learner, weigher = 0, self._weigher
        for found in kept.portions(documents):
            if found.learner != learner:
                learner, weigher = found.learner, self._weigher_of(kept.ids(found.learner, len(self.columns)))
            yield weigher, found

    @cached_property
    def _weigher(self) -> Weigher:
        """That of the first learner."""
        return self.fitted.weigher_of(self.columns)

    def _weigher_of(self, ids: Sequence[IdsThere]) -> Weigher:
        return self.fitted.weigher_of([own[places] for own, places in zip(self.columns, ids, strict=True)])
