"""Stand-in for the module of the same name in ltx_pipelines 1.0.0."""

from ltx_pipelines.old import run


def main():
    run("a2vid_two_stage")


if __name__ == "__main__":
    main()
