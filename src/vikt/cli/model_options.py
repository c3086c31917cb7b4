"""The options of `vikt train` that set the parameters of `vikt.TextClassifier` of the same names."""

from __future__ import annotations

import click

from vikt.cli.options import targets, together
from vikt.cli.values import (
    REAL,
    WHOLE,
    one_of,
    parse_class_weight,
    parse_min_df,
    parse_ngrams,
    parse_number,
    parse_order,
    parse_share,
)
from vikt.names import LOOSE_TOL, TOL, AnalyzerName, SolverName, WeightingName


def _none_if_empty(_context: click.Context, _option: click.Parameter, values: tuple[str, ...]) -> list[str] | None:
    return list(values) or None


kinds_of_targets = together(
    targets,
    click.option(
        "--order",
        type=parse_order,
        metavar="LEVELS",
        help="Levels of ordered labels from lowest to highest, such as low,medium,high; implies --targets ordered. "
        "Numbers need no order.",
    ),
    click.option(
        "--thresholds",
        type=parse_number,
        default="label",
        metavar="label|common|P",
        help="How probable each of several labels must be: a threshold for each label, one common to all, or P.",
    ),
)

features = together(
    click.option(
        "--analyzer",
        type=one_of(AnalyzerName),
        default="auto",
        help="How texts are split into features; auto chooses by validation.",
    ),
    click.option(
        "--ngrams",
        type=parse_ngrams,
        metavar="A-B",
        help="Shortest and longest n-gram (default: 1-2 for words, 1-5 for characters).",
    ),
    click.option("--weighting", type=one_of(WeightingName), help="How counts are weighted (default: tfidf)."),
    click.option(
        "--min-df",
        type=parse_min_df,
        default="2",
        metavar="N",
        help="Drop features that occur in fewer than N texts, or in a smaller fraction.",
    ),
    click.option(
        "--lowercase/--keep-case",
        default=None,
        help="Ignore case or keep it (default: ignored for words, kept for characters).",
    ),
    click.option(
        "--hashing",
        type=WHOLE,
        metavar="BITS",
        help="Hash n-grams into 2^BITS buckets instead of storing a vocabulary.",
    ),
)

fit = together(
    click.option(
        "--l2",
        type=parse_number,
        default="auto",
        metavar="X",
        help="Strength of the penalty, λ; auto chooses it by validation.",
    ),
    click.option(
        "--folds",
        type=WHOLE,
        metavar="K",
        help="Choose λ by K-fold cross-validation instead of on a held-out tenth.",
    ),
    click.option(
        "--one-standard-error",
        is_flag=True,
        help="Choose the largest λ whose validation loss is within one standard error of the lowest.",
    ),
    click.option(
        "--l1-ratio",
        type=REAL,
        default=0.0,
        metavar="R",
        help="Share of L1 in the penalty; L1 sets weights to exactly 0.",
    ),
    click.option("--solver", type=one_of(SolverName), default="auto", help="Method that minimises the loss."),
    click.option(
        "--tol",
        type=REAL,
        metavar="X",
        help="Stop once the loss is proven to be within this relative distance of the optimum "
        f"(default: {TOL:g}, or {LOOSE_TOL:g} for the elastic net and gradient descent).",
    ),
    click.option("--max-iter", type=WHOLE, metavar="N", help="Make at most N passes over the data."),
    click.option(
        "--learning-rate",
        type=parse_number,
        default="auto",
        metavar="X",
        help="Learning rate α of gradient descent, or auto.",
    ),
    click.option(
        "--batch-size", type=WHOLE, default=100, metavar="N", help="Number of texts per step of minibatch descent."
    ),
    click.option(
        "--patience",
        type=WHOLE,
        metavar="N",
        help="Stop gradient descent once the validation loss has risen more than N times in a row.",
    ),
    click.option(
        "--class-weight",
        type=parse_class_weight,
        metavar="W",
        help="Class weights: balanced, or factors such as spam=2,ham=1.",
    ),
    click.option(
        "--seed",
        "random_state",
        type=WHOLE,
        default=0,
        metavar="N",
        help="Seed of the splits and of all random choices.",
    ),
)

decision = together(
    click.option(
        "--aim",
        multiple=True,
        callback=_none_if_empty,
        metavar="AIM",
        help="Goal to reach or optimise, on rows held out for it: 'precision(spam) >= 0.99', "
        "'recall(spam) >= 0.95', 'f1(spam)', f1, or 'cost(ham->spam) = 10' (costs may be repeated).",
    ),
    click.option(
        "--coverage",
        type=parse_share,
        metavar="P",
        help="Also predict sets of labels that contain the true one with probability P.",
    ),
    click.option(
        "--max-error",
        type=parse_share,
        metavar="P",
        help="Answer only where the error rate among answers is at most P, with 95% confidence.",
    ),
    click.option(
        "--calibrate",
        is_flag=True,
        help="Fit a temperature to held-out rows; keep it if it lowers their log loss.",
    ),
)
