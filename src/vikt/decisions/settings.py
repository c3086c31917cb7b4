"""What a decision is asked to do, checked before any text is read."""

from __future__ import annotations

from dataclasses import dataclass

from vikt.decisions import abstention, conformal
from vikt.decisions.aims import Aim, CostAim, parsed_aim
from vikt.decisions.held_out import position
from vikt.errors import ParameterError
from vikt.mappings import Parameters


@dataclass(frozen=True)
class DecisionSettings:
    """The parameters of a decision, as `vikt.TextClassifier` documents them.

    `calibrates` says whether a temperature is tried: with an aim, or where it is asked for. Not beside a coverage or a
    largest error, whose proof allows no other use of the rows.
    """

    aim: Aim | None = None
    coverage: float | None = None
    max_error: float | None = None
    calibrates: bool = False

    @classmethod
    def of(cls, parameters: Parameters) -> DecisionSettings:
        """The settings by the checked parameters of a `TextClassifier`.

        Raises
        ------
        ParameterError
            A parameter is invalid, or some exclude one another.
        """
        given = parameters.get("aim") or ()
        aim = parsed_aim([given] if isinstance(given, str) else given)
        coverage, max_error = parameters.get("coverage"), parameters.get("max_error")
        proves, calibrates = coverage is not None or max_error is not None, bool(parameters.get("calibrate"))
        if aim is not None and max_error is not None:
            raise ParameterError("max_error", "cannot be combined with aim; use one of them")
        if calibrates and proves:
            name = "max_error" if coverage is None else "coverage"
            raise ParameterError(
                "calibrate", f"would fit a temperature to the rows that {name} is proven on; use one of them"
            )
        if isinstance(aim, CostAim) and parameters.get("class_weight") is not None:
            raise ParameterError(
                "class_weight",
                "changes the probabilities that a cost is weighed by; leave it out, or leave out the aim",
            )
        return cls(aim, coverage, max_error, not proves and (calibrates or aim is not None))

    @property
    def proves(self) -> bool:
        """Whether something is promised of new texts, which takes held-out rows that are independent."""
        return self.coverage is not None or self.max_error is not None

    @property
    def holds_out(self) -> bool:
        """Whether rows are needed that no fit learns from."""
        return self.calibrates or self.proves

    def check(self, classes: tuple[str, ...], n_rows: int) -> None:
        """Refuse, before the fit, what these classes and `n_rows` held-out rows cannot give.

        Raises
        ------
        ParameterError
            The aim names a class that there is not.
        AimMissedError
            The rows are too few.
        """
        for name in () if self.aim is None else self.aim.classes:
            position(classes, name)
        if self.coverage is not None:
            conformal.check_rows(self.coverage, n_rows)
        if self.max_error is not None:
            abstention.check_rows(self.max_error, n_rows)
