import stand_in_render

from ltx_pipelines.parsers import parsed
from ltx_pipelines.pipelines import Pipeline, build


class KeyframeInterpolationPipeline(Pipeline):
    pass


def main():
    args = parsed("keyframe_interpolation")
    pipeline = build(KeyframeInterpolationPipeline, args)
    stand_in_render.encode(pipeline(args), args)


if __name__ == "__main__":
    main()
