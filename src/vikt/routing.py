"""Metadata routing: how scikit-learn's pipelines and searches learn which methods take weights, offsets or groups.

scikit-learn is imported only when it asks, or when a user who has turned routing on sets a request.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from copy import deepcopy
from typing import TYPE_CHECKING, Any, TypeVar

from vikt.errors import UsageError

if TYPE_CHECKING:
    from sklearn.utils.metadata_routing import MetadataRequest

Own = TypeVar("Own", bound="MetadataRouting")

METADATA = ("sample_weight", "offset", "groups")
METHODS = ("fit", "predict", "predict_proba", "predict_log_proba", "decision_function", "score")


class MetadataRouting:
    """Methods that say to scikit-learn which metadata they take; each that takes some has a `set_METHOD_request`."""

    _metadata_request: MetadataRequest

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        for method in METHODS:
            if hasattr(cls, method) and _taken(cls, method):
                setattr(cls, f"set_{method}_request", request_of(method))

    def get_metadata_routing(self) -> MetadataRequest:
        """The metadata that each method takes, and those that were requested for it, as scikit-learn holds them."""
        return deepcopy(vars(self).get("_metadata_request")) or _nothing_requested(self)


def request_of(method: str) -> Callable[..., Any]:
    """The method `set_fit_request`, or that of another method: it says which metadata are to reach it.

    Its keywords are the names of metadata: True to request one, False to leave it out, None to refuse it, or the name
    under which it is passed. As in scikit-learn, it needs `sklearn.set_config(enable_metadata_routing=True)`.
    """

    def set_request(self: Own, **requests: bool | str | None) -> Own:
        from sklearn import get_config

        name = f"set_{method}_request"
        if not get_config()["enable_metadata_routing"]:
            raise UsageError(f"{name}: metadata routing is off; call sklearn.set_config(enable_metadata_routing=True)")
        taken = _taken(self, method)
        unknown = [metadata for metadata in requests if metadata not in taken]
        if unknown:
            raise UsageError(f"{name}: {method} takes {', '.join(taken) or 'no metadata'}, found {unknown[0]!r}")
        routing = self.get_metadata_routing()
        for metadata, alias in requests.items():
            try:
                getattr(routing, method).add_request(param=metadata, alias=alias)
            except ValueError:
                raise UsageError(
                    f"{name}: {metadata}: expected True, False, None or a name, found {alias!r:.60}"
                ) from None
        self._metadata_request = routing
        return self

    set_request.__name__ = f"set_{method}_request"
    set_request.__doc__ = f"""Say which metadata reach `{method}` by scikit-learn's routing, as `sample_weight=True`."""
    return set_request


def _taken(estimator: MetadataRouting | type[MetadataRouting], method: str) -> list[str]:
    """The metadata that a method takes."""
    return [name for name in METADATA if name in inspect.signature(getattr(estimator, method)).parameters]


def _nothing_requested(estimator: MetadataRouting) -> MetadataRequest:
    from sklearn.utils.metadata_routing import MetadataRequest

    routing = MetadataRequest(owner=type(estimator).__name__)
    for method in METHODS:
        if hasattr(estimator, method):
            for name in _taken(estimator, method):
                getattr(routing, method).add_request(param=name, alias=None)
    return routing
