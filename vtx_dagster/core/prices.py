"""``prices.yaml``: what tokens of language models cost, as of a day."""

import re
from datetime import date
from decimal import Decimal
from typing import Annotated

from pydantic import Field, WithJsonSchema

from vtx_dagster.core.document import Document, Part

ANY_MODEL = "*"
"""The entry of models that no other entry names."""

ModelName = Annotated[str, Field(pattern=r"^(\*|[A-Za-z0-9][A-Za-z0-9._:/@-]{0,127})$")]
"""Name of a model as services write it, such as ``gpt-5-mini`` or ``meta-llama/Llama-3.3-70B``, or ``*``."""

UsdPerMillion = Annotated[Decimal, Field(ge=0), WithJsonSchema({"type": "number", "minimum": 0})]
"""USD per million tokens."""

_MILLION = 1_000_000
_DATED = re.compile(r"-[0-9]{4}-[0-9]{2}-[0-9]{2}$")


class Price(Part):
    """What a model costs, in USD per million tokens."""

    input: UsdPerMillion
    cached_input: UsdPerMillion | None = Field(default=None, description="Input that the service had in its cache; as `input`.")
    output: UsdPerMillion

    def usd(self, *, input_tokens: int, output_tokens: int, cached_tokens: int = 0) -> Decimal:
        """Return the exact cost of a call.

        Args:
            input_tokens: All tokens that were sent.
            output_tokens: Tokens that came back, those spent on reasoning included.
            cached_tokens: How many of the input tokens the service had in its cache.
        """
        cached = self.input if self.cached_input is None else self.cached_input
        fresh_tokens = max(input_tokens - cached_tokens, 0)  # no miscount of a service may give money back
        return (fresh_tokens * self.input + cached_tokens * cached + output_tokens * self.output) / _MILLION


class PriceTable(Document):
    """``config/prices.yaml``: prices by the name of the model."""

    as_of: date | None = Field(default=None, description="The day on which the prices were looked up.")
    models: dict[ModelName, Price] = Field(default_factory=dict, description="`*` is the price of every other model.")

    def price_of(self, model: str) -> Price | None:
        """Return the price of a model, or None if it is not known.

        A dated name such as ``gpt-5-mini-2025-08-07`` has the price of ``gpt-5-mini``, unless it has an entry of its own.
        """
        names = (model, _DATED.sub("", model), ANY_MODEL)
        return next((self.models[name] for name in names if name in self.models), None)

    def overridden_by(self, other: "PriceTable") -> "PriceTable":
        """Return both tables as one; where both have a model, the price of the other one holds."""
        return PriceTable(as_of=other.as_of or self.as_of, models={**self.models, **other.models})
