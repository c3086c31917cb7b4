"""A model with the methods of fastText's that filters of corpora call, so that it can stand in its place."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import overload

import numpy as np

from vikt.arrays import Floats, Ints
from vikt.compiled import compiled
from vikt.corpus.fasttext import LABEL_MARK
from vikt.errors import UsageError
from vikt.features.ngrams import token_kernels
from vikt.fitting.model import FittedModel
from vikt.fitting.trained import load_trained
from vikt.parameters import N_LABELS, checked_value

Labels = tuple[str, ...]


class FastTextModel:
    """Answers as fastText's `predict` does: labels that start with `__label__`, and their probabilities.

    A text may hold line feeds, which fastText refuses; its probabilities are those of `vikt predict`, and of several
    labels each has its own.
    """

    def __init__(self, model: FittedModel) -> None:
        if model.features.columns:
            raise UsageError(
                f"the model also reads the columns {', '.join(model.features.columns)}, but fastText's methods take "
                "texts alone; train one on texts"
            )
        self._model = model
        self._names = np.array([LABEL_MARK + label for label in model.labels], dtype=object)

    @property
    def labels(self) -> list[str]:
        """The labels, with `__label__` before each."""
        return list(self._names.tolist())

    def get_labels(self) -> list[str]:
        """The labels, with `__label__` before each."""
        return self.labels

    @overload
    def predict(self, text: str, k: int = 1, threshold: float = 0.0) -> tuple[Labels, Floats]: ...

    @overload
    def predict(
        self, text: list[str] | tuple[str, ...], k: int = 1, threshold: float = 0.0
    ) -> tuple[list[Labels], list[Floats]]: ...

    def predict(
        self, text: str | Sequence[str], k: int = 1, threshold: float = 0.0
    ) -> tuple[Labels, Floats] | tuple[list[Labels], list[Floats]]:
        """The k most probable labels of a text, or of each of several, and their probabilities.

        Parameters
        ----------
        text : str or sequence of str
            Several texts at once are answered many times as fast as one after the other.
        k : int
            -1 gives all labels.
        threshold : float
            Labels that are less probable are left out.

        Raises
        ------
        ParameterError
            k is neither -1 nor a whole number of 1 or more.

        Examples
        --------
        >>> import vikt
        >>> texts, labels = ["good fun", "bad"], ["pos", "neg"]
        >>> model = FastTextModel(vikt.TextClassifier(min_df=1, l2=0.1).fit(texts, labels).model_)
        >>> model.predict("good")[0], model.predict(["bad", "good fun"], k=-1)[0]
        (('__label__pos',), [('__label__neg', '__label__pos'), ('__label__pos', '__label__neg')])
        """
        k = checked_value("k", N_LABELS, k)
        most = len(self._names) if k == -1 else k
        if isinstance(text, str):
            return self._ranked([text], most, threshold)[0]
        rows = self._ranked(text, most, threshold)
        return [labels for labels, _ in rows], [probabilities for _, probabilities in rows]

    def _ranked(self, texts: Sequence[str], most: int, threshold: float) -> list[tuple[Labels, Floats]]:
        probabilities = np.exp(self._model.log_probabilities(texts))
        order: Ints = np.argsort(-probabilities, axis=1, kind="stable")[:, :most]
        return [self._row(own, ranks, threshold) for own, ranks in zip(probabilities, order, strict=True)]

    def _row(self, probabilities: Floats, ranks: Ints, threshold: float) -> tuple[Labels, Floats]:
        ranks = ranks[probabilities[ranks] >= threshold]
        return tuple(self._names[ranks]), probabilities[ranks]


def fasttext_model(path: str | Path) -> FastTextModel:
    """A trained model with fastText's `predict`, for programs that call it, such as filters of datatrove.

    Parameters
    ----------
    path : str or Path
        A .vikt file.

    Returns
    -------
    FastTextModel

    Raises
    ------
    ModelFileError, InputFileError
        As `vikt.load`.
    UsageError
        The model also reads columns beside the texts.

    Examples
    --------
    >>> import pathlib, tempfile, vikt
    >>> path = pathlib.Path(tempfile.mkdtemp(), "model.vikt")
    >>> vikt.TextClassifier(min_df=1, l2=0.1).fit(["good fun", "bad"], ["pos", "neg"]).save(path)
    >>> fasttext_model(path).predict("bad")[0]
    ('__label__neg',)
    """
    # Texts come one by one, but many of them: without this, the first ones would be answered by plain Python.
    compiled(token_kernels.__name__)
    return FastTextModel(load_trained(path).model)
