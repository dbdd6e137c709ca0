"""Stand-in for the module of the same name in ltx_pipelines 1.2.0: one global class, built once by main()."""

import logging

from ltx_core.allocator_trim_strategy import AllocatorTrimStrategy

from ltx_pipelines.blocks import Blocks, encode, inference_mode, parser_of


class RetakePipeline(Blocks):
    def __init__(
        self,
        model_paths,
        loras,
        quantization=None,
        registry=None,
        compilation_config=None,
        offload_mode="none",
        alloc_trim_strategy=AllocatorTrimStrategy.TRIM,
    ):
        super().__init__(model_paths, loras, quantization, registry, offload_mode, alloc_trim_strategy)


@inference_mode
def main():
    logging.basicConfig(level=logging.INFO)
    args = parser_of("retake").parse_args()
    pipeline = RetakePipeline(
        model_paths=args.model_paths,
        loras=tuple(args.lora),
        quantization=args.quantization,
        compilation_config=args.compile,
        offload_mode=args.offload,
    )
    video = pipeline(
        video_path=args.video_path,
        prompt=args.prompt,
        start_time=args.start_time,
        end_time=args.end_time,
        seed=args.seed,
        output_path=args.output_path,
    )
    encode(video, args.output_path)


if __name__ == "__main__":
    main()
