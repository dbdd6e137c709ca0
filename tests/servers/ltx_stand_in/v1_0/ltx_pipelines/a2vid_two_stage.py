import stand_in_render

from ltx_pipelines.parsers import parsed
from ltx_pipelines.pipelines import Pipeline


class A2VidPipelineTwoStage(Pipeline):
    pass


def main():
    args = parsed("a2vid_two_stage")
    pipeline = A2VidPipelineTwoStage(
        args.checkpoint, args.gemma_root, loras=tuple(map(tuple, args.lora or ())), quantization=args.quantization
    )
    stand_in_render.encode(pipeline(args), args)


if __name__ == "__main__":
    main()
