"""What a new studio and a new project hold: texts with comments, all of which load as they are."""

from vtx_dagster.core.metadata import Metadata
from vtx_dagster.studio.documents import dump_document
from vtx_dagster.studio.settings import commented_settings

STUDIO_README = """\
This folder is a film studio of vtx-dagster.

projects/<slug>/   one folder per film: story/, prompts/, inputs/ are yours; renders/ is made and can be made again
config/            settings of all projects: global.env, and models.env for models and keys;
                   prices.yaml and policy.yaml of language models
library/           ways of writing and looks that projects choose
.dagster/          Dagster's record of runs; `vtx sync` rebuilds it from what is on disk

  vtx projects new my_film --title "My film" --screenplay my_film.fountain
  vtx make my_film
  vtx dev            the same in the browser
"""

DAGSTER_YAML = """\
# Dagster's settings for this studio. Runs and events are kept in SQLite beside this file; for PostgreSQL see
# https://docs.dagster.io/deployment/oss/dagster-yaml

telemetry:
  enabled: false
nux:
  enabled: false

# Runs wait in Dagster's queue (its QueuedRunCoordinator).
run_queue:
  dequeue_use_threads: true
  dequeue_num_workers: 4

# At most four runs at once, and of those that use a pool (render, ffmpeg) one. A machine with several
# GPUs or many cores may have more: raise default_limit, or set a limit per pool under Deployment > Concurrency.
concurrency:
  runs:
    max_concurrent_runs: 4
  pools:
    granularity: run
    default_limit: 1

# A run whose process died is noticed, and started again; it finds the clips that were finished.
run_monitoring:
  enabled: true
  start_timeout_seconds: 180
  cancel_timeout_seconds: 60
  poll_interval_seconds: 30
run_retries:
  enabled: true
  max_retries: 2
  # Failed clips are not retried by runs: assets say themselves which failures are worth another try.
  retry_on_asset_or_op_failure: false

sensors:
  use_threads: true
  num_workers: 4
backfills:
  use_threads: true
  num_workers: 2

python_logs:
  managed_python_loggers: [vtx_dagster]
  python_log_level: INFO

retention:
  sensor:
    purge_after_days:
      skipped: 1
      success: 30
      failure: 30
"""

PRICES = """\
# What language models cost, in USD for a million tokens. What stands here goes before the prices that come with vtx-dagster.
# Without a price a model may be used, and its cost is unknown; but not with a budget (VTX_STORY_BUDGET_USD).
version: 1

# as_of: 2026-11-01
models:
  # gpt-5-mini: {input: 0.25, cached_input: 0.025, output: 2.00}
  # A model on a machine of your own costs nothing. "*" stands for every model that has no price of its own.
  # "qwen3:14b": {input: 0, output: 0}
  # "*": {input: 0, output: 0}
"""

POLICY = """\
# What no answer of a language model may say. It is asked again, and its answer is set aside if it still does.
version: 1

banned_phrases: # whole words, in capitals or not
  # - as an AI language model
  # - tapestry of
"""

LIBRARY_README = """\
Style capsules: ways of writing and looks that all projects of this studio can choose, in metadata.yaml:

  story:
    writing: [terse]
    visual: [super8]

writing/<key>.yaml   title, descriptors, samples, avoid: how the words sound
visual/<key>.yaml    title, descriptors, negative, times, references: how the film looks

`vtx story capsules` lists them, together with the presets that come with vtx-dagster. A file here goes before the preset of its
name. For example writing/terse_of_ours.yaml:

  version: 1
  title: Terse, ours
  descriptors: [Sentences under ten words., Nobody says what they feel.]
  avoid: [adverbs]
"""

BRIEF = """\
# {title}

{logline}

<!--
What happens in the film? Headings become scenes and paragraphs become action.
With a screenplay in story/source that one is used, and this can stay as it is.
-->
"""

STYLE_BIBLE = """\
# The look of the whole film. `prefix` opens the prompt of every clip, `negative` is what no clip may show.
version: 1

prefix: ""   # for example: 35mm film, soft grain, muted colours
negative: "" # for example: text, watermark, extra fingers

default_profile: default

profiles:
  default:
    prefix: ""
    negative: ""
  # A look that clips choose with `style_profile: flashback`.
  # flashback:
  #   prefix: overexposed, faded, 8mm
  #   negative: modern clothing

# The film's palette in each light, used by the animatic: dawn, morning, day, afternoon, dusk, evening, night.
times:
  # dusk:
  #   sky: "#e08a5b"
  #   light: "#ffd9a0"
  #   shadow: "#2b2440"
"""

CHARACTERS = """\
# Who is in the film. `descriptor` holds the locked words that describe the character in every prompt.
# The shotlist adds stubs here for speakers that it does not know; it never changes what is written.
version: 1

characters:
  # mara:
  #   name: Mara
  #   aliases: [MARA VOSS]
  #   age: 61
  #   descriptor: weathered woman in her sixties, short grey hair, steady eyes
  #   wardrobe: dark oilskin coat
  #   figure: {build: slight, hair: short, hair_colour: "#b9b4ad", wardrobe: "#26323a"}
"""

LOCATIONS = """\
# Where the film plays. `descriptor` holds the locked words that describe the place in every prompt.
# The shotlist adds stubs here for places that it does not know; it never changes what is written.
version: 1

locations:
  # lamp_room:
  #   name: LIGHTHOUSE - LAMP ROOM
  #   interior: true
  #   descriptor: round room of glass at the top of a lighthouse, brass and great lenses
  #   set: workshop
"""

LORAS = """\
# LoRAs that are used together. Clips name a bundle with `lora_bundle`, metadata.yaml one for all others.
version: 1

bundles:
  # core:
  #   description: the look of the film
  #   loras:
  #     - path: inputs/film_look.safetensors
  #       strength: 0.8
  #     - env_path: LORA_CAMERA # a setting of project.env or config/models.env that holds the path
"""

_RENDER_HINTS = """
# How many seconds the film is to last; a language model aims at that.
# length_s: 180

# How clips are rendered. Profiles `preview` (512x288) and `final` (1024x576, used when none is named) are there without being
# written. `preview` renders several times faster than `final`; take it while you work on the film.
# render:
#   profile: preview
#   min_clip_s: 1.0
#   max_clip_s: 15.0

# How a language model writes the story (VTX_STORY_WRITER=openai). `vtx story capsules` lists the styles; visual ones are in the
# prompt of every clip, whoever writes.
# story:
#   writing: [terse]
#   visual: [super8]
#   treatments: 3

# What the sensors may do on their own.
# automation:
#   render: true
#   assemble: true

# produce_in_acts: true # cut act by act, then the film from the acts
"""


def studio_env(*, models: bool) -> str:
    """Return the starter of ``config/models.env`` or ``config/global.env``: every setting of its kind, commented out."""
    what = "models and the keys of services" if models else "all projects of this studio"
    order = "Decides last: the environment, project.env" + (" and global.env go before it." if models else " go before it.")
    return "\n".join([f"# Settings for {what}. {order}", "", *commented_settings(models=models)])


def project_env() -> str:
    """Return the starter of a project's ``project.env``: every setting, commented out."""
    head = ["# Settings of this project alone; they go before the environment and the files in config/.", ""]
    return "\n".join([*head, *commented_settings(models=False), *commented_settings(models=True)])


def metadata_yaml(metadata: Metadata) -> str:
    """Return the starter of ``metadata.yaml``."""
    return dump_document(metadata, header="What the film is called and how it is made.") + _RENDER_HINTS


def project_files(metadata: Metadata) -> dict[str, str]:
    """Return the files of a new project by their paths in it."""
    return {
        "metadata.yaml": metadata_yaml(metadata),
        "project.env": project_env(),
        "story/00_brief.md": BRIEF.format(title=metadata.title, logline=metadata.logline),
        "prompts/style_bible.yaml": STYLE_BIBLE,
        "prompts/characters.yaml": CHARACTERS,
        "prompts/locations.yaml": LOCATIONS,
        "prompts/loras.yaml": LORAS,
    }


def studio_files() -> dict[str, str]:
    """Return the files of a new studio by their paths in it."""
    return {
        "README.txt": STUDIO_README,
        "config/global.env": studio_env(models=False),
        "config/models.env": studio_env(models=True),
        "config/prices.yaml": PRICES,
        "config/policy.yaml": POLICY,
        "library/README.txt": LIBRARY_README,
        ".dagster/dagster.yaml": DAGSTER_YAML,
    }


PROJECT_FOLDERS = (
    "story/source",
    "story/03_screenplay",
    "prompts/clips",
    "inputs",
    "renders/plans",
    "renders/takes",
    "renders/clips",
    "renders/acts",
    "renders/final",
    "review/notes",
    "logs",
)
"""The folders of a new project."""
