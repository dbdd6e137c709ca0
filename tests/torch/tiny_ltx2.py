"""An LTX-2 in the layout of diffusers with random weights, as small as its pieces allow: real code, meaningless pictures.

The VAE compresses like the real one (32 pixels, 8 frames), so sizes and frame counts obey the real grid.
"""

import string
from pathlib import Path
from typing import Any

import torch
from diffusers import (
    AutoencoderKLLTX2Audio,
    AutoencoderKLLTX2Video,
    FlowMatchEulerDiscreteScheduler,
    LTX2Pipeline,
    LTX2VideoTransformer3DModel,
)
from diffusers.pipelines.ltx2 import LTX2TextConnectors
from diffusers.pipelines.ltx2.vocoder import LTX2Vocoder
from safetensors.torch import save_file
from transformers import Gemma3Config, Gemma3ForConditionalGeneration, GemmaTokenizerFast

SAMPLE_RATE_HZ = 24000
LATENT_CHANNELS = 8
MEL_BINS = 16
HIDDEN = 16


def make_tiny_ltx2(
    folder: Path, *, heads: int = 2, head_dim: int = 8, layers: int = 2, dtype: torch.dtype = torch.float32
) -> Path:
    """Write a model with ``layers`` transformer blocks of ``heads * head_dim`` channels and return its folder."""
    torch.manual_seed(0)
    text_encoder = _text_encoder()
    pipeline = LTX2Pipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(),
        vae=_video_vae(),
        audio_vae=_audio_vae(),
        text_encoder=text_encoder,
        tokenizer=_tokenizer(),
        connectors=_connectors(text_layers=text_encoder.config.text_config.num_hidden_layers + 1),
        transformer=_transformer(heads=heads, head_dim=head_dim, layers=layers),
        vocoder=LTX2Vocoder(
            in_channels=2 * MEL_BINS,
            hidden_channels=32,
            upsample_kernel_sizes=[16, 15],
            upsample_factors=[16, 15],  # together hop length (160) * output rate (24000) / mel rate (16000)
            resnet_kernel_sizes=[3],
            resnet_dilations=[[1, 3, 5]],
            output_sampling_rate=SAMPLE_RATE_HZ,
        ),
    )
    if dtype != torch.float32:
        pipeline.to(dtype=dtype)
    pipeline.save_pretrained(folder)
    return folder


def make_lora(path: Path, model: Path, *, rank: int = 2, scale: float = 5.0) -> Path:
    """Write a LoRA for a model's attention, in diffusers' names, strong enough to be seen."""
    torch.manual_seed(1)
    transformer = LTX2VideoTransformer3DModel.from_pretrained(model, subfolder="transformer")
    tensors: dict[str, torch.Tensor] = {}
    for name, module in transformer.named_modules():
        if isinstance(module, torch.nn.Linear) and name.endswith(("attn1.to_q", "attn1.to_v", "attn2.to_v")):
            tensors[f"transformer.{name}.lora_A.weight"] = torch.randn(rank, module.in_features) * scale
            tensors[f"transformer.{name}.lora_B.weight"] = torch.randn(module.out_features, rank) * scale
    save_file(tensors, path)
    return path


def _tokenizer() -> GemmaTokenizerFast:
    tokens = ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>", "▁", *string.ascii_letters, *string.digits, *string.punctuation]
    return GemmaTokenizerFast(vocab={token: index for index, token in enumerate(tokens)}, merges=[], model_max_length=1024)


def _text_encoder() -> Gemma3ForConditionalGeneration:
    config: dict[str, Any] = {
        "text_config": {
            "vocab_size": 128,
            "hidden_size": HIDDEN,
            "intermediate_size": 32,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "num_key_value_heads": 1,
            "head_dim": 8,
            "query_pre_attn_scalar": 8,
        },
        "vision_config": {
            "hidden_size": 8,
            "intermediate_size": 8,
            "num_hidden_layers": 1,
            "num_attention_heads": 1,
            "image_size": 14,
            "patch_size": 14,
        },
        "mm_tokens_per_image": 1,
        "boi_token_index": 120,
        "eoi_token_index": 121,
        "image_token_index": 122,
    }
    return Gemma3ForConditionalGeneration(Gemma3Config(**config))


def _connectors(*, text_layers: int) -> LTX2TextConnectors:
    return LTX2TextConnectors(
        caption_channels=HIDDEN,
        text_proj_in_factor=text_layers,
        video_connector_num_attention_heads=2,
        video_connector_attention_head_dim=8,
        video_connector_num_layers=1,
        video_connector_num_learnable_registers=None,
        audio_connector_num_attention_heads=2,
        audio_connector_attention_head_dim=8,
        audio_connector_num_layers=1,
        audio_connector_num_learnable_registers=None,
        connector_rope_base_seq_len=32,
        rope_double_precision=False,
        rope_type="split",
    )


def _transformer(*, heads: int, head_dim: int, layers: int) -> LTX2VideoTransformer3DModel:
    return LTX2VideoTransformer3DModel(
        in_channels=LATENT_CHANNELS,
        out_channels=LATENT_CHANNELS,
        num_attention_heads=heads,
        attention_head_dim=head_dim,
        cross_attention_dim=heads * head_dim,
        audio_in_channels=2 * MEL_BINS // 4,
        audio_out_channels=2 * MEL_BINS // 4,
        audio_num_attention_heads=heads,
        audio_attention_head_dim=head_dim // 2,
        audio_cross_attention_dim=heads * head_dim // 2,
        num_layers=layers,
        caption_channels=HIDDEN,
        rope_double_precision=False,
        rope_type="split",
    )


def _video_vae() -> AutoencoderKLLTX2Video:
    return AutoencoderKLLTX2Video(
        latent_channels=LATENT_CHANNELS,
        block_out_channels=(8, 16, 32, 64),
        decoder_block_out_channels=(8, 16, 32),
        layers_per_block=(1, 1, 1, 1, 1),
        decoder_layers_per_block=(1, 1, 1, 1),
        decoder_spatial_padding_mode="zeros",
        spatial_compression_ratio=32,
        temporal_compression_ratio=8,
    )


def _audio_vae() -> AutoencoderKLLTX2Audio:
    return AutoencoderKLLTX2Audio(
        base_channels=2 * MEL_BINS // 4,  # the latents' statistics are kept by it
        ch_mult=(1, 1, 1),
        num_res_blocks=1,
        resolution=32,
        latent_channels=2,
        mel_bins=MEL_BINS,
    )
