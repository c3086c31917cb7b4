"""Hand-made features: what they measure, what encoders learn of their values, and how they are declared."""

from vikt.features.handmade.features import LONGEST_PHRASE as LONGEST_PHRASE
from vikt.features.handmade.features import Capitalised as Capitalised
from vikt.features.handmade.features import Category as Category
from vikt.features.handmade.features import Dense as Dense
from vikt.features.handmade.features import Feature as Feature
from vikt.features.handmade.features import FirstInSentence as FirstInSentence
from vikt.features.handmade.features import Length as Length
from vikt.features.handmade.features import Lexicon as Lexicon
from vikt.features.handmade.features import Number as Number
from vikt.features.handmade.features import Numbered as Numbered
from vikt.features.handmade.features import Pattern as Pattern
from vikt.features.handmade.features import Shape as Shape
