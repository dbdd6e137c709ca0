import stand_in_render

from ltx_pipelines.parsers import parsed
from ltx_pipelines.pipelines import Pipeline, build


class TI2VidOneStagePipeline(Pipeline):
    pass


def main():
    args = parsed("ti2vid_one_stage")
    pipeline = build(TI2VidOneStagePipeline, args)
    stand_in_render.encode(pipeline(args), args)


if __name__ == "__main__":
    main()
