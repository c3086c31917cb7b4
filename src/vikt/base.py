"""The estimator protocol, as scikit-learn's users know it, without importing scikit-learn."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, NamedTuple, Self

from vikt.errors import NotFittedError, known_to_sklearn
from vikt.mappings import Values
from vikt.parameters import Rule, checked, unknown_parameter
from vikt.routing import MetadataRouting

if TYPE_CHECKING:
    from sklearn.utils import Tags


class LossRecord(NamedTuple):
    """The losses after a number of passes over the data; `seconds` are those since the start of the fit.

    `validation_loss` is None without validation rows.
    """

    passes: int
    training_loss: float
    validation_loss: float | None = None
    seconds: float = 0.0


class Estimator(MetadataRouting):
    """Parameters are the constructor's keywords, kept as given; what `fit` learns ends in an underscore."""

    _kind = "transformer"
    _reads_texts = False
    _takes_several_labels = False
    # What each parameter may be.
    _rules: ClassVar[Mapping[str, Rule]] = {}

    @classmethod
    def _parameters(cls) -> list[str]:
        return sorted(name for name in inspect.signature(cls.__init__).parameters if name != "self")

    def get_params(self, deep: bool = True) -> Values:
        """The parameters by name."""
        return {name: getattr(self, name) for name in self._parameters()}

    def set_params(self, **params: object) -> Self:
        """Set parameters by name. Raises UsageError for a name that is not a parameter, and then sets none."""
        unknown = [name for name in params if name not in self._parameters()]
        if unknown:
            raise unknown_parameter(type(self).__name__, unknown[0], self._parameters())
        for name, value in params.items():
            setattr(self, name, value)
        return self

    def _checked(self, *names: str) -> Values:
        """The parameters, or some of them, as their rules read them. Raises ParameterError where one is invalid."""
        return checked(self._rules, {name: getattr(self, name) for name in names or self._parameters()})

    @property
    def _n_threads(self) -> int:
        return int(self._checked("threads")["threads"])

    def _set_learnt(self, **learnt: object) -> None:
        """Replace all that an earlier fit learnt, in one step: an interruption leaves either the old or the new."""
        self.__dict__ = self._given() | learnt

    def _given(self) -> Values:
        """All that no fit learnt."""
        return {name: value for name, value in vars(self).items() if not name.endswith("_")}

    def __repr__(self) -> str:
        changed = [f"{name}={value!r}" for name, (value, is_default) in self._settings().items() if not is_default]
        return f"{type(self).__name__}({', '.join(changed)})"

    def _settings(self) -> dict[str, tuple[object, bool]]:
        """The value of each parameter, and whether it is the default."""
        defaults = inspect.signature(type(self).__init__).parameters
        return {name: (value, _is_same(value, defaults[name].default)) for name, value in self.get_params().items()}

    def _facts(self) -> list[tuple[str, str]]:
        """What a notebook shows of a fitted estimator: a name and a sentence for each fact."""
        return []

    def _repr_html_(self) -> str:
        from vikt.markup import estimator_html

        is_fitted = self.__sklearn_is_fitted__()
        facts = self._facts() if is_fitted else []
        return estimator_html(type(self).__name__, is_fitted, facts, self._settings())

    def __sklearn_is_fitted__(self) -> bool:
        return any(name.endswith("_") and not name.startswith("_") for name in vars(self))

    def _check_fitted(self) -> None:
        if not self.__sklearn_is_fitted__():
            raise known_to_sklearn(NotFittedError, "NotFittedError")(
                f"this {type(self).__name__} is not fitted yet; call fit first"
            )

    def __sklearn_tags__(self) -> Tags:
        from sklearn.utils import ClassifierTags, InputTags, Tags, TargetTags, TransformerTags

        classifies = self._kind == "classifier"
        return Tags(
            estimator_type="classifier" if classifies else None,
            target_tags=TargetTags(required=classifies),
            transformer_tags=None if classifies else TransformerTags(),
            classifier_tags=ClassifierTags(multi_label=self._takes_several_labels) if classifies else None,
            input_tags=InputTags(
                sparse=not self._reads_texts, string=self._reads_texts, two_d_array=not self._reads_texts
            ),
        )


def _is_same(value: object, default: object) -> bool:
    """Whether a parameter has its default; arrays and frames, which compare by element, are not compared."""
    comparable = type(value) is type(default) and isinstance(value, str | int | float | tuple)
    return value is default or (comparable and value == default)
