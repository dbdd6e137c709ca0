import stand_in_render

from ltx_pipelines.parsers import parsed
from ltx_pipelines.pipelines import Pipeline


class DistilledPipeline(Pipeline):
    pass


def main():
    args = parsed("distilled")
    pipeline = DistilledPipeline(
        args.checkpoint, args.gemma_root, loras=tuple(map(tuple, args.lora or ())), quantization=args.quantization
    )
    stand_in_render.encode(pipeline(args), args)


if __name__ == "__main__":
    main()
