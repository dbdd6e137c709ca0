"""``policy.yaml``: what no text of the studio may say."""

import re
from collections.abc import Iterable
from typing import Annotated

from pydantic import Field

from vtx_dagster.core.document import Document

Phrase = Annotated[str, Field(pattern=r"^\S(.*\S)?$")]
"""One or more words, without space around them."""


class Policy(Document):
    """``config/policy.yaml``."""

    banned_phrases: tuple[Phrase, ...] = Field(
        default=(), description="Whole words, in capitals or not, that no language model's answer may have."
    )

    def banned_in(self, texts: Iterable[str]) -> tuple[str, ...]:
        """Return the banned phrases that some texts have as whole words, in the order of the policy.

        Capitals do not matter, and neither does how much space or how many line ends are between the words.
        """
        searched = list(texts)
        return tuple(phrase for phrase in self.banned_phrases if any(_pattern(phrase).search(text) for text in searched))


def _pattern(phrase: str) -> re.Pattern[str]:
    # Not \b: a phrase may start or end with a mark, such as "C++".
    words = r"\s+".join(map(re.escape, phrase.split()))
    return re.compile(rf"(?<!\w){words}(?!\w)", re.IGNORECASE)
