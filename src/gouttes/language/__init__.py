"""What is said to people, in French and in English: words, numbers, dates, money."""

from gouttes.language.catalogue import UnknownWordsError
from gouttes.language.speech import CODES, Language

__all__ = ["CODES", "Language", "UnknownWordsError"]
