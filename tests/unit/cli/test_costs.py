import json
from decimal import Decimal

from vtx_dagster.studio.calls import CallStore, SentCall, StoredCall


def answer(key: str, stage: str, part: str, *, usd: str | None) -> StoredCall:
    return StoredCall(
        key=key,
        stage=stage,
        part=part,
        attempt=1,
        model="gpt-test",
        response_id="r",
        usd=None if usd is None else Decimal(usd),
        input_tokens=12_000,
        cached_tokens=100,
        output_tokens=500,
        seconds=1.0,
        ending="complete",
        text="{}",
        request={},
        raw={},
    )


def test_costs_by_stage_of_a_budget(vtx, studio):
    project = studio.project("film")
    project.env_path.write_text("VTX_STORY_BUDGET_USD=2\n", encoding="utf-8")
    store = CallStore(project)
    for key, stage, part, usd in (
        ("b", "screenplay", "A01_S01", "0.25"),
        ("a", "outline", "", "0.01"),
        ("c", "screenplay", "", None),
    ):
        store.store(answer(key * 64, stage, part, usd=usd))
    store.set_aside(["b" * 64])
    sent = SentCall(key="d" * 64, stage="screenplay", part="A01_S02", model="gpt-test", usd=Decimal("0.5"))
    store.mark_sent(sent)
    store.mark_sent(SentCall(key="e" * 64, stage="shotlist", part="A01_S02", model="other", usd=None))
    at = ("--studio", studio.root)
    lines = [" ".join(line.split()) for line in vtx("story", "costs", "film", *at).stdout.splitlines()]
    assert "outline 1 12,000 100 500 $0.0100" in lines
    assert "screenplay 2 24,000 200 1,000 $0.7500 and 1 of unknown price" in lines
    assert "shotlist 0 0 0 0 $0.0000" in lines
    assert lines[-3:] == [
        "screenplay A01_S02: sent to gpt-test and never answered, $0.5000 at most",
        "shotlist A01_S02: sent to other and never answered, price unknown",
        "film: $0.7600 spent, of a budget of $2.00",
    ]
    found = json.loads(vtx("story", "costs", "film", "--json", *at).stdout)
    assert (found["spent_usd"], found["budget_usd"]) == (0.76, 2.0)
    assert Decimal(str(found["spent_usd"])) == store.spent(), "the sum that the budget is checked against"
    assert found["stages"][1] == {
        "stage": "screenplay",
        "calls": 2,
        "input_tokens": 24_000,
        "cached_tokens": 200,
        "output_tokens": 1_000,
        "usd": 0.75,
        "unpriced": 1,
        "unanswered": 1,
    }
    assert [call["part"] for call in found["unanswered"]] == ["A01_S02", "A01_S02"]


def test_a_story_that_cost_nothing(vtx, studio):
    result = vtx("story", "costs", "film", "--studio", studio.root)
    assert result.stdout == "film: $0.0000 spent, there is no budget (VTX_STORY_BUDGET_USD)\n"
