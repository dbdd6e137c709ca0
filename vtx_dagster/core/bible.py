"""The bible: what looks the same in every clip. Four files under ``prompts/``: style, characters, locations, LoRA bundles."""

from enum import StrEnum

from pydantic import Field, model_validator

from vtx_dagster.core.document import Document, HexColour, Key, Part
from vtx_dagster.core.shot import TimeOfDay


class Palette(Part):
    """The colours of a drawn set in one light. Every colour is optional; the animatic fills what is missing."""

    sky: HexColour | None = None
    light: HexColour | None = None
    mid: HexColour | None = None
    shadow: HexColour | None = None
    accent: HexColour | None = None


class StyleProfile(Part):
    """A named look that clips choose, such as ``default`` or ``flashback``."""

    prefix: str = ""
    negative: str = ""
    palette: Palette | None = None


class StyleBible(Document):
    """``prompts/style_bible.yaml``: the look of the whole film."""

    prefix: str = Field(default="", description="Opens the prompt of every clip.")
    negative: str = Field(default="", description="What no clip may show; comma-separated.")
    default_profile: Key = "default"
    profiles: dict[Key, StyleProfile] = Field(default_factory=dict)
    times: dict[TimeOfDay, Palette] = Field(default_factory=dict, description="The film's palette in each light.")


class Build(StrEnum):
    """The silhouette of a figure in the animatic."""

    SLIGHT = "slight"
    AVERAGE = "average"
    BROAD = "broad"
    CHILD = "child"


class Hair(StrEnum):
    """The hair shape of a figure in the animatic."""

    SHORT = "short"
    LONG = "long"
    BUN = "bun"
    CURLY = "curly"
    BALD = "bald"
    CAP = "cap"


class Pronoun(StrEnum):
    """What a single person is called."""

    SHE = "she"
    HE = "he"
    THEY = "they"


class Figure(Part):
    """How a character is drawn in the animatic. What is missing is derived from what is known of the character, and its key."""

    build: Build | None = None
    hair: Hair | None = None
    hair_colour: HexColour | None = None
    skin: HexColour | None = None
    wardrobe: HexColour | None = None


class Character(Part):
    """A person (or creature) whose description is the same in every clip."""

    name: str
    aliases: tuple[str, ...] = ()
    age: int | None = Field(default=None, ge=0, le=999)
    pronoun: Pronoun | None = Field(
        default=None, description="Whom *she*, *he* and *they* mean in the story, and how the animatic draws the figure."
    )
    descriptor: str = Field(default="", description="The locked words that describe the character in every prompt.")
    wardrobe: str = ""
    voice: str = ""
    figure: Figure = Figure()
    told: str = Field(default="", description="Of a stub: the sentence of the screenplay that tells of the character.")
    stub: bool = Field(default=False, description="True while nobody has filled this entry in.")


class Characters(Document):
    """``prompts/characters.yaml``."""

    characters: dict[Key, Character] = Field(default_factory=dict)


class SetKind(StrEnum):
    """The backdrop that the animatic draws for a location."""

    PLAIN = "plain"
    ROOM = "room"
    BEDROOM = "bedroom"
    BATHROOM = "bathroom"
    KITCHEN = "kitchen"
    OFFICE = "office"
    CORRIDOR = "corridor"
    STAIRS = "stairs"
    WORKSHOP = "workshop"
    HOSPITAL = "hospital"
    CHURCH = "church"
    SHOP = "shop"
    RESTAURANT = "restaurant"
    BAR = "bar"
    PRISON = "prison"
    CLASSROOM = "classroom"
    THEATRE = "theatre"
    AIRPORT = "airport"
    AEROPLANE = "aeroplane"
    TRAIN = "train"
    STATION = "station"
    VEHICLE = "vehicle"
    SPACESHIP = "spaceship"
    CAVE = "cave"
    BOAT = "boat"
    STREET = "street"
    CITY = "city"
    BRIDGE = "bridge"
    ROOFTOP = "rooftop"
    PARK = "park"
    GARDEN = "garden"
    POOL = "pool"
    CAR_PARK = "car_park"
    CEMETERY = "cemetery"
    FIELD = "field"
    FOREST = "forest"
    MOUNTAIN = "mountain"
    DESERT = "desert"
    SHORE = "shore"
    SEA = "sea"
    BLACK = "black"


class Location(Part):
    """A place whose description is the same in every clip."""

    name: str
    aliases: tuple[str, ...] = ()
    interior: bool | None = None
    descriptor: str = Field(default="", description="The locked words that describe the place in every prompt.")
    set: SetKind | None = Field(default=None, description="Backdrop in the animatic; derived from the name when missing.")
    palette: Palette | None = None
    stub: bool = Field(default=False, description="True while nobody has filled this entry in.")


def is_bare(entry: Character | Location) -> bool:
    """Return whether an entry is a stub in which nobody filled in anything beside what a screenplay told."""
    bare = (
        Location(name=entry.name, interior=entry.interior, stub=True)
        if isinstance(entry, Location)
        else Character(name=entry.name, stub=True, **(entry.model_dump(include={"age", "pronoun", "told"}) if entry.told else {}))
    )
    return entry == bare


class Locations(Document):
    """``prompts/locations.yaml``."""

    locations: dict[Key, Location] = Field(default_factory=dict)


class Lora(Part):
    """One LoRA file: an explicit path (project-relative or absolute), or ``env_path``, the setting that holds it."""

    path: str | None = None
    env_path: str | None = Field(default=None, pattern=r"^[A-Z][A-Z0-9_]*$")
    strength: float = Field(default=1.0, ge=-4.0, le=4.0)

    @model_validator(mode="after")
    def _one_source(self) -> "Lora":
        if (self.path is None) == (self.env_path is None):
            raise ValueError("give exactly one of path and env_path")
        return self


class LoraBundle(Part):
    """LoRAs that are used together; clips name the bundle."""

    description: str = ""
    loras: tuple[Lora, ...] = ()


class LoraBundles(Document):
    """``prompts/loras.yaml``."""

    bundles: dict[Key, LoraBundle] = Field(default_factory=dict)


class Bible(Part):
    """The four files together, as the prompt compiler and the drawing use them."""

    style: StyleBible = StyleBible()
    characters: Characters = Characters()
    locations: Locations = Locations()
    loras: LoraBundles = LoraBundles()
