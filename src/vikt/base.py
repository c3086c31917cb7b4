"""The estimator protocol, as scikit-learn's users know it, without importing scikit-learn; how progress is reported."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, NamedTuple, Self

from vikt.errors import NotFittedError, UsageError, known_to_sklearn

# Called with (stage, done, total); total is 0 where it is not known.
Progress = Callable[[str, int, int], None]


def no_progress(stage: str, done: int, total: int) -> None:
    """Report progress to nobody."""


class LossRecord(NamedTuple):
    """The losses after a number of passes over the data; `seconds` are those since the start of the fit.

    `validation_loss` is None without validation rows.
    """

    passes: int
    training_loss: float
    validation_loss: float | None = None
    seconds: float = 0.0


class Estimator:
    """Parameters are the constructor's keywords, kept as given; what `fit` learns ends in an underscore."""

    _kind = "transformer"

    @classmethod
    def _parameters(cls) -> list[str]:
        return sorted(name for name in inspect.signature(cls.__init__).parameters if name != "self")

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The parameters by name."""
        return {name: getattr(self, name) for name in self._parameters()}

    def set_params(self, **params: Any) -> Self:
        """Set parameters by name. Raises UsageError for a name that is not a parameter."""
        for name, value in params.items():
            if name not in self._parameters():
                raise UsageError(
                    f"Invalid parameter {name!r} for estimator {self!r}. "
                    f"Valid parameters are: {', '.join(self._parameters())}"
                )
            setattr(self, name, value)
        return self

    def __repr__(self) -> str:
        defaults = inspect.signature(type(self).__init__).parameters
        parameters = self.get_params().items()
        changed = [f"{name}={value!r}" for name, value in parameters if not _is_same(value, defaults[name].default)]
        return f"{type(self).__name__}({', '.join(changed)})"

    def __sklearn_is_fitted__(self) -> bool:
        return any(name.endswith("_") and not name.startswith("_") for name in vars(self))

    def _check_fitted(self) -> None:
        if not self.__sklearn_is_fitted__():
            raise known_to_sklearn(NotFittedError, "NotFittedError")(
                f"this {type(self).__name__} is not fitted yet; call fit first"
            )

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import ClassifierTags, InputTags, Tags, TargetTags, TransformerTags

        classifies = self._kind == "classifier"
        return Tags(
            estimator_type="classifier" if classifies else None,
            target_tags=TargetTags(required=classifies),
            transformer_tags=None if classifies else TransformerTags(),
            classifier_tags=ClassifierTags() if classifies else None,
            input_tags=InputTags(sparse=classifies, string=not classifies, two_d_array=classifies),
        )


def _is_same(value: object, default: object) -> bool:
    """Whether a parameter has its default; arrays and frames, which compare by element, are not compared."""
    comparable = type(value) is type(default) and isinstance(value, str | int | float)
    return value is default or (comparable and value == default)
