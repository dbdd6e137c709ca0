import json

import pytest


@pytest.fixture
def outlined(vtx, studio, asking):
    vtx("story", "outline", "film", "--studio", studio.root)
    vtx("story", "treatment", "film", "--studio", studio.root)
    asking.asked.clear()
    return ("--studio", studio.root)


def test_a_prompt_is_printed_message_by_message(vtx, outlined, asking):
    asking.cuts = ("treatment: 1,200 of 3,400 tokens left out",)
    result = vtx("story", "prompt", "film", "screenplay", "--scene", "A01_S01", *outlined)
    assert result.stdout == "--- system ---\nYou write films.\n\n--- user ---\nWrite A01_S01.\n\n"
    assert result.stderr == (
        "film screenplay A01_S01: template screenplay 1, about 1,234 tokens in, at most 5,678 out\n"
        "left out to fit: treatment: 1,200 of 3,400 tokens left out\n"
    )
    assert asking.asked == []


def test_as_json_the_whole_request_is_there(vtx, outlined):
    found = json.loads(vtx("story", "prompt", "film", "bible", "--json", *outlined).stdout)
    assert (found["project"], found["stage"]) == ("film", "bible")
    assert found["prompts"] == [
        {
            "part": "",
            "template": "bible_proposal 1",
            "request": {"model": "m", "input": "Write ."},
            "input_tokens": 1234,
            "max_output_tokens": 5678,
            "cuts": [],
        }
    ]


def test_the_breakdown_sends_nothing(vtx, studio):
    result = vtx("story", "prompt", "film", "outline", "--studio", studio.root)
    assert result.stdout == "film outline: nothing would be sent, because no language model writes it (breakdown)\n"


def test_what_is_asked_wrongly_is_said(vtx, studio):
    at = ("--studio", studio.root)
    result = vtx("story", "prompt", "film", "screnplay", *at)
    assert result.exit_code == 2
    assert "'screnplay' is not a stage" in result.stderr
    result = vtx("story", "prompt", "film", "screenplay", *at)
    assert result.exit_code == 1
    assert "run `vtx story treatment film` first" in result.stderr
