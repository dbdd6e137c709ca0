import stand_in_render

from ltx_pipelines.parsers import parsed
from ltx_pipelines.pipelines import Pipeline, build


class TI2VidTwoStagesHQPipeline(Pipeline):
    pass


def main():
    args = parsed("ti2vid_two_stages_hq")
    pipeline = build(TI2VidTwoStagesHQPipeline, args)
    stand_in_render.encode(pipeline(args), args)


if __name__ == "__main__":
    main()
