"""An author for ``ModelServer``: writes a small film of two acts and four scenes that fits whatever the prompts and schemas ask.

What it writes depends on nothing but the question, so the same question always has the same answer.
"""

import re
from typing import Any

from model_server import Request

PLACES = ("Kitchen", "Pier", "Ferry Deck", "Lighthouse")
NAMES = ("Mara", "Tom")


def write(request: Request) -> dict[str, Any]:
    """Return the answer to a question, by the stage that asks."""
    stages = {
        "outline_acts": _acts,
        "outline_scenes": _scenes,
        "treatment": _treatment,
        "bible": _bible,
        "screenplay": _screenplay,
        "shotlist": _shotlist,
    }
    return stages[request.schema_name](request)


def part_of(request: Request) -> str:
    """Return the first line that tells which scene a question is about; empty for other stages."""
    found = re.search(r"^## (?:The scene to write: )?((?:INT|EXT)\..*)$", request.user, re.MULTILINE)
    return found[1] if found else ""


def _acts(_: Request) -> dict[str, Any]:
    acts = [("Waiting", "Mara waits for a ferry that does not come."), ("Crossing", "Mara rows, and Tom follows the light.")]
    return {
        "logline": "A woman waits for a ferry and at last crosses by herself.",
        "acts": [{"title": title, "synopsis": synopsis, "seconds": 30.0} for title, synopsis in acts],
    }


def _scenes(request: Request) -> dict[str, Any]:
    is_second = "Crossing" in request.user.split("## Task")[-1]
    places = PLACES[2:] if is_second else PLACES[:2]
    return {"scenes": [_scene(place, number) for number, place in enumerate(places, start=1)]}


def _scene(place: str, number: int) -> dict[str, Any]:
    return {
        "interior": place in ("Kitchen", "Lighthouse"),
        "place": place,
        "time_of_day": "dusk",
        "synopsis": f"At the {place.lower()} something small is decided.",
        "characters": list(NAMES),
        "beats": [
            {"text": f"Mara looks out from the {place.lower()}.", "purpose": "she waits"},
            {"text": f"Tom brings a lamp to the {place.lower()}.", "purpose": "she is not alone"},
        ],
        "seconds": 15.0,
    }


def _treatment(request: Request) -> dict[str, Any]:
    variant = re.search(r"treatment (\d) of", request.user)
    number = variant[1] if variant else "1"
    acts = _enum(request.schema, "act")
    return {
        "acts": [
            {"act": act, "prose": f"Version {number} of {act}. Mara stands at the window, and the sea is calm."} for act in acts
        ]
    }


def _bible(request: Request) -> dict[str, Any]:
    characters = [
        {
            "character": key,
            "name": key.replace("_", " ").title(),
            "aliases": [],
            "age": 40,
            "descriptor": f"lean person called for {key}, grey eyes, a scar over the left brow, weathered skin",
            "wardrobe": "dark green oilskin coat, wool hat",
            "voice": "low, dry",
            "build": "slight",
            "hair": "short",
            "hair_colour": "#6b4423",
            "skin": "#d9b08c",
            "wardrobe_colour": "#2f4858",
        }
        for key in _wanted(request, "characters")
    ]
    locations = [
        {
            "location": key,
            "name": key.replace("_", " ").title(),
            "aliases": [],
            "interior": key in ("kitchen", "lighthouse"),
            "descriptor": "a small wooden place by the sea with one lamp, wet planks and coiled rope",
            "set": "shore",
        }
        for key in _wanted(request, "places")
    ]
    return {
        "characters": characters,
        "locations": locations,
        "style_prefix": "35mm film, muted blues, soft grain",
        "style_negative": "text, watermark",
    }


def _wanted(request: Request, what: str) -> list[str]:
    found = re.search(rf"Write an entry for each of these {what}: (.*)\.", request.user)
    return found[1].split(", ") if found else []


def _screenplay(request: Request) -> dict[str, Any]:
    beats = re.findall(r"^\d+\. (.*?)(?: \(.*\))?$", request.user.split("## The scene to write")[1], re.MULTILINE)
    speakers = _enum(request.schema, "speaker")
    elements = []
    for number, beat in enumerate(beats):
        elements.append(_element("action", beat))
        if speakers:
            elements.append(_element("dialogue", f"I saw it: {beat}", speaker=speakers[number % len(speakers)]))
    return {"elements": elements}


def _element(kind: str, text: str, *, speaker: str | None = None) -> dict[str, Any]:
    return {"kind": kind, "text": text, "speaker": speaker, "parenthetical": "", "off_screen": False}


def _shotlist(request: Request) -> dict[str, Any]:
    elements = re.findall(r"^(\d+)\. (?:`(\w+)`)?(.*)$", request.user.split("## Elements")[1], re.MULTILINE)
    return {"shots": [_shot(int(number), speaker, text) for number, speaker, text in elements]}


def _shot(number: int, speaker: str, text: str) -> dict[str, Any]:
    return {
        "elements": [number],
        "size": "MCU" if speaker else ("WS" if number == 1 else "MS"),
        "angle": "eye_level",
        "move": "static",
        "lens_mm": 35,
        "action": f"{speaker.title()} speaks and looks at the water." if speaker else text.strip(),
        "characters": [speaker] if speaker else [],
        "beats": [],
        "props": [],
        "continuity": "lamp on the left",
    }


def _enum(schema: dict[str, Any], name: str) -> list[str]:
    """Return the values that a field may have, wherever it stands in a schema."""
    found: list[str] = []

    def look(node: Any) -> None:
        if isinstance(node, list):
            for one in node:
                look(one)
        elif isinstance(node, dict):
            field = node.get("properties", {}).get(name)
            if isinstance(field, dict):
                options = [field, *field.get("anyOf", [])]
                found.extend(value for option in options for value in option.get("enum", []) if isinstance(value, str))
            for one in node.values():
                look(one)

    look(schema)
    return list(dict.fromkeys(found))
