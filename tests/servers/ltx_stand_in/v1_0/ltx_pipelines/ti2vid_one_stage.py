import stand_in_render

from ltx_pipelines.parsers import parsed
from ltx_pipelines.pipelines import Pipeline


class TI2VidOneStagePipeline(Pipeline):
    pass


def main():
    args = parsed("ti2vid_one_stage")
    pipeline = TI2VidOneStagePipeline(
        args.checkpoint, args.gemma_root, loras=tuple(map(tuple, args.lora or ())), quantization=args.quantization
    )
    stand_in_render.encode(pipeline(args), args)


if __name__ == "__main__":
    main()
