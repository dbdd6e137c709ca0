from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

import vtx_dagster.engines.language_model
from vtx_dagster.core.errors import InvalidFileError
from vtx_dagster.core.prices import Price, PriceTable
from vtx_dagster.studio.documents import load_document, parse_document

PACKAGE = Path(vtx_dagster.engines.language_model.__file__).parent / "prices.yaml"
MINI = Price(input=Decimal("0.25"), cached_input=Decimal("0.025"), output=Decimal(2))
LOCAL = Price(input=Decimal(0), output=Decimal(0))


def table(**models: Price) -> PriceTable:
    return PriceTable(models={name.replace("_", "-"): price for name, price in models.items()})


@pytest.mark.parametrize(
    ("tokens", "usd"),
    [
        pytest.param({"input_tokens": 1_000_000, "output_tokens": 0}, "0.25", id="input"),
        pytest.param({"input_tokens": 0, "output_tokens": 1_000_000}, "2", id="output"),
        pytest.param({"input_tokens": 1_000_000, "cached_tokens": 1_000_000, "output_tokens": 0}, "0.025", id="cached"),
        pytest.param({"input_tokens": 0, "cached_tokens": 1_000_000, "output_tokens": 0}, "0.025", id="miscounted"),
        pytest.param({"input_tokens": 3, "cached_tokens": 1, "output_tokens": 1}, "0.000002525", id="exact"),
    ],
)
def test_usd(tokens: dict[str, int], usd: str):
    assert MINI.usd(**tokens) == Decimal(usd)


def test_cached_input_costs_as_much_as_input_where_no_price_is_given():
    price = Price(input=Decimal(1), output=Decimal(0))
    assert price.usd(input_tokens=10, cached_tokens=10, output_tokens=0) == price.usd(input_tokens=10, output_tokens=0)


@settings(max_examples=30)
@given(first=st.integers(0, 10**9), second=st.integers(0, 10**9))
def test_costs_add_up_exactly(first: int, second: int):
    parts = [MINI.usd(input_tokens=one, output_tokens=one) for one in (first, second)]
    assert sum(parts) == MINI.usd(input_tokens=first + second, output_tokens=first + second)


@pytest.mark.parametrize(
    ("model", "price"),
    [
        pytest.param("gpt-5-mini", MINI, id="name"),
        pytest.param("gpt-5-mini-2025-08-07", MINI, id="dated"),
        pytest.param("gpt-5-mini-2025-08", None, id="no date"),
        pytest.param("gpt-5-mini-fast", None, id="another"),
        pytest.param("gpt-5", None, id="shorter"),
    ],
)
def test_price_of(model: str, price: Price | None):
    assert table(gpt_5_mini=MINI).price_of(model) == price


def test_a_dated_entry_goes_before_its_base_and_any_model_comes_last():
    dated = Price(input=Decimal(9), output=Decimal(9))
    prices = PriceTable(models={"gpt-5-mini": MINI, "gpt-5-mini-2025-08-07": dated, "*": LOCAL})

    assert prices.price_of("gpt-5-mini-2025-08-07") == dated
    assert prices.price_of("gpt-5-mini-2030-01-01") == MINI
    assert prices.price_of("llama3.3:70b") == LOCAL


def test_a_studio_overrides_model_by_model():
    package = PriceTable(as_of=date(2026, 1, 1), models={"a": MINI, "b": MINI})
    own = PriceTable(models={"b": LOCAL})

    assert package.overridden_by(own) == PriceTable(as_of=date(2026, 1, 1), models={"a": MINI, "b": LOCAL})
    assert package.overridden_by(PriceTable(as_of=date(2027, 1, 1))).as_of == date(2027, 1, 1)


def test_the_prices_of_the_package():
    prices = load_document(PACKAGE, PriceTable)

    assert prices.as_of is not None
    assert prices.price_of("gpt-5-mini-2025-08-07") == MINI
    assert prices.price_of("some-local-model") is None
    assert all(
        price.cached_input is not None and price.cached_input < price.input < price.output for price in prices.models.values()
    )


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param("models: {m: {input: -1, output: 1}}", "less than 0", id="negative"),
        pytest.param("models: {m: {input: '1', output: 1}}", "not a number", id="text"),
        pytest.param("models: {m: {input: 1}}", "'output' is missing", id="missing"),
        pytest.param("models: {'my model': {input: 1, output: 1}}", "no key here", id="name"),
        pytest.param("as_of: last week", "valid date", id="date"),
    ],
)
def test_bad_tables(text: str, problem: str):
    with pytest.raises(InvalidFileError, match=problem):
        parse_document(text, PriceTable, name="config/prices.yaml")


def test_numbers_of_yaml_are_exact():
    prices = parse_document("models: {m: {input: 0.1, output: 0.2}}", PriceTable, name="prices.yaml")
    assert prices.models["m"].input + prices.models["m"].output == Decimal("0.3")


def test_not_a_price():
    with pytest.raises(ValidationError):
        Price(input=Decimal("NaN"), output=Decimal(1))
