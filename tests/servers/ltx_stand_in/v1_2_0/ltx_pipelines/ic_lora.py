"""Stand-in for the module of the same name in ltx_pipelines 1.2.0: one global class, built once by main()."""

import logging

from ltx_core.allocator_trim_strategy import AllocatorTrimStrategy

from ltx_pipelines.blocks import Blocks, encode, inference_mode, parser_of


class ICLoraPipeline(Blocks):
    def __init__(
        self,
        model_paths,
        spatial_upsampler_path,
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
    args = parser_of("ic_lora").parse_args()
    pipeline = ICLoraPipeline(
        model_paths=args.model_paths,
        spatial_upsampler_path=args.spatial_upsampler_path,
        loras=tuple(args.lora),
        quantization=args.quantization,
        compilation_config=args.compile,
        offload_mode=args.offload,
    )
    video = pipeline(
        prompt=args.prompt,
        seed=args.seed,
        height=args.height,
        width=args.width,
        num_frames=args.num_frames,
        frame_rate=args.frame_rate,
        images=args.image,
        guides=args.video_conditioning,
        mask=args.conditioning_attention_mask,
        output_path=args.output_path,
    )
    encode(video, args.output_path)


if __name__ == "__main__":
    main()
