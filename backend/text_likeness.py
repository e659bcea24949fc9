"""Whether one text holds another, when capitals, punctuation and English articles do not count.

Text is normalised as in the SQuAD evaluation script (Rajpurkar et al., 2016), except that any script's letters count.
"""

import re
import unicodedata

ARTICLES = {"a", "an", "the"}


def normalised(text: str) -> str:
    """Lower case, no punctuation, no English articles, single spaces."""
    folded = unicodedata.normalize("NFKC", text).lower()
    kept = "".join(c if unicodedata.category(c)[0] in "LNM" else " " for c in folded)
    return " ".join(word for word in kept.split() if word not in ARTICLES)


def holds(text: str, expected: str) -> bool:
    """Whether the expected words stand in the text. A number is not found within a longer one: 14 is not in 214."""
    wanted = normalised(expected)
    begin = r"(?<!\d)" if wanted[:1].isdigit() else ""
    end = r"(?!\d)" if wanted[-1:].isdigit() else ""
    return bool(wanted) and re.search(begin + re.escape(wanted) + end, normalised(text)) is not None
