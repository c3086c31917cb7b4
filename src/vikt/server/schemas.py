"""What the service answers, for its description in OpenAPI."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class Answer(BaseModel):
    """The answer to a text, as `vikt predict --json` prints it; with `proba` also "P(LABEL)" for each label."""

    model_config = ConfigDict(extra="allow")

    predicted: str | list[str] | None = Field(description="The label, null for no answer; or several labels.")
    probability: float | list[float] = Field(description="Its probability, or those of several labels.")
    set: list[str] = Field(default=[], description="Of a model with a coverage: the labels that may be right.")


class Answers(BaseModel):
    """An answer for each text, in order."""

    answers: list[Answer]


class ExplainedRun(BaseModel):
    """Neighbouring characters of one shade, and what they add to the score."""

    text: str
    emphasis: float
    shade: float = Field(ge=-1, le=1)


class ExplainedFeature(BaseModel):
    """What one feature adds to the score: its weight times its value."""

    feature: str
    weight: float
    value: float
    contribution: float


class ExplainedLabel(BaseModel):
    """The score of a label as a sum, as `vikt explain --json` prints it, and the text in runs of one shade."""

    model_config = ConfigDict(extra="allow")

    label: str
    probability: float
    answered: bool = Field(
        description="Whether the model answers the text at all; of several labels, whether it answers this one."
    )
    score: float
    intercept: float
    contributions: list[ExplainedFeature]
    runs: list[ExplainedRun]


class ExplainedLabels(BaseModel):
    """The explanation of the label that is answered, or of each of several."""

    explanations: list[ExplainedLabel]
    remark: str


class ModelSummary(BaseModel):
    """A model that is served."""

    name: str
    targets: str = Field(description="What a text is labelled with.")
    classes: list[str]
    features: int


class RequestLimits(BaseModel):
    """What a request may hold."""

    texts: int = Field(description="Texts to predict.")
    bytes: int = Field(description="The size of the body.")
    explained: int = Field(description="Characters of a text to explain.")


class ModelList(BaseModel):
    """All models that are served, and what requests may hold."""

    models: list[ModelSummary]
    limits: RequestLimits
    logs_texts: bool = Field(description="Whether the service writes texts to its log.")


class Reads(BaseModel):
    """What a model reads of a document."""

    text: bool
    columns: list[str]


class ModelRecord(ModelSummary):
    """A model and the record of its fit, as `vikt inspect --json` prints them."""

    model_config = ConfigDict(extra="allow")

    reads: Reads
    documents: list[str] = Field(
        description='What can be asked for: "card", and "report" if its packages are installed.'
    )
    facts: list[list[str]] = Field(description="A name and a sentence for each.")


class Status(BaseModel):
    """That the service answers."""

    status: str


class ProblemDetails(BaseModel):
    """An error, as RFC 9457 has it."""

    type: str
    title: str
    status: int
    detail: str = Field(description="What happened, and what to do.")
