"""What all pipelines have in common: constructor, weights by way of the registry, and what a call draws."""

import stand_in_render
from ltx_core.loader.registry import ModelRegistry


class Pipeline:
    def __init__(
        self,
        model_paths,
        distilled_lora=(),
        spatial_upsampler_path=None,
        loras=(),
        distilled_lora_strength_stage_1=None,
        distilled_lora_strength_stage_2=None,
        device=None,
        quantization=None,
        registry=None,
        compilation_config=None,
        offload_mode="none",
        alloc_trim_strategy=None,
        prompt_enhancer_gemma_root=None,
        diffvae_optimization=None,
    ):
        self.model_paths = model_paths
        self.loras = loras
        self.registry = registry or ModelRegistry(cache_weights=False)
        self.offload_mode = offload_mode

    def __call__(self, args):
        for path in self.model_paths:
            if self.registry.get(path) is None:
                self.registry.add(path, stand_in_render.load(path))
        return stand_in_render.draw(args, loras=self.loras, offload=self.offload_mode)


def build(pipeline_class, args):
    """Build a pipeline as the mains of the real modules do: with keywords, those that its arguments have."""
    names = {
        "model_paths": args.model_paths,
        "distilled_lora": getattr(args, "distilled_lora", None),
        "spatial_upsampler_path": getattr(args, "spatial_upsampler_path", None),
        "quantization": args.quantization,
        "offload_mode": args.offload_mode,
        "loras": tuple(map(tuple, args.lora or ())),
    }
    return pipeline_class(**{name: value for name, value in names.items() if value is not None})
