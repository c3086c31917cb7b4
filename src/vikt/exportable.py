"""A classifier that can be made smaller, and written for other programs."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Self

from vikt.fitting.fitted import FittedAttributes
from vikt.parameters import checked_value, string

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline


class Exportable(FittedAttributes):
    """A fitted classifier that other programs can use."""

    def shrink(self, features: int | None = None, size: str | None = None) -> Self:
        """A smaller classifier: of the features that move the scores most, and all hand-made ones.

        It predicts and explains as any other. Nothing is proven of it, it has no test figures, and it cannot be
        updated. To see what it costs, compare the two by `vikt.compare` on texts that neither was fitted to.

        Parameters
        ----------
        features : int, optional
            How many features to keep.
        size : str, optional
            The largest size of the model file, such as "500kB" or "3MB".

        Raises
        ------
        UsageError
            Both are given or neither, there are fewer features, or nothing is that small.

        Examples
        --------
        >>> import vikt
        >>> texts = ["a great film", "great fun", "a bad film", "bad and dull"]
        >>> classifier = vikt.TextClassifier(min_df=1, l2=0.01).fit(texts, ["pos", "pos", "neg", "neg"])
        >>> classifier.shrink(features=2).get_feature_names_out().tolist()
        ['bad', 'great']
        """
        from vikt.shrinking.shrunk import shrunk_by

        small = shrunk_by(self._saved, features, size)
        smaller = copy.copy(self)
        smaller._set_learnt(model_=small.model, record_=small.record, loss_curve_=self.loss_curve_)
        return smaller

    def to_html(self, name: str = "model", size: str | None = None) -> str:
        """A page that classifies and explains texts in any current browser, offline; see docs/export.md.

        Parameters
        ----------
        name : str
            The title of the page.
        size : str, optional
            The largest size of the page, such as "3MB". Weights are rounded to 8 bits, and the features that move the
            scores most stay, if the whole page is larger.

        Raises
        ------
        UsageError
            The classifier has hand-made features, which a page does not compute, or nothing is that small.

        Examples
        --------
        >>> import vikt
        >>> texts = ["a great film", "great fun", "a bad film", "bad and dull"]
        >>> classifier = vikt.TextClassifier(min_df=1, l2=0.01).fit(texts, ["pos", "pos", "neg", "neg"])
        >>> len(classifier.to_html("films", size="200kB")) <= 200_000
        True
        """
        from vikt.export.html.page import page_of
        from vikt.export.html.quantise import fitting_page
        from vikt.shrinking.sizes import parsed_size

        title = checked_value("name", string(), name)
        saved = self._saved if size is None else fitting_page(self._saved, title, parsed_size(size))
        return page_of(saved, title).decode()

    def to_sklearn(self) -> Pipeline:
        """The classifier as a fitted pipeline of scikit-learn, with the same answers and probabilities.

        Its steps are scikit-learn's own where these can say it: `LogisticRegression`, and `TfidfVectorizer` for
        characters. Words, hashing and lower-cased characters are `vikt.TextVectorizer`.

        Raises
        ------
        UsageError
            scikit-learn has nothing for it: several or ordered labels, an aim, a coverage or a largest error, or
            hand-made features.
        MissingPackageError
            scikit-learn is not installed.
        """
        from vikt.export.sklearn_pipeline import pipeline_of

        return pipeline_of(self._saved)

    def card(self, name: str = "model") -> str:
        """The model card, in Markdown with the front matter of the Hugging Face Hub; `name` is that of the model."""
        from vikt.export.card import card_of

        return card_of(self._saved, checked_value("name", string(), name)).decode()
