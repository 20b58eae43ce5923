"""Shapes of well-known models, so that a plan needs no hub: the numbers of each repository's own `config.json` on huggingface.co.

A shape is right when it gives the parameter count that the repository's safetensors index tells; `PARAMETERS` holds those counts.
"""

from typing import Any

from pipeline.training.shapes import ModelShape, read_shape

# family, hidden size, layers, feed-forward width, vocabulary, heads, heads of keys and values, then what differs from the family's own.
KNOWN: dict[str, tuple[str, int, int, int, int, int, int, dict[str, Any]]] = {
    "smollm2-135m": ("llama", 576, 30, 1536, 49152, 9, 3, {"tie_word_embeddings": True}),
    "smollm2-360m": ("llama", 960, 32, 2560, 49152, 15, 5, {"tie_word_embeddings": True}),
    "smollm2-1.7b": ("llama", 2048, 24, 8192, 49152, 32, 32, {"tie_word_embeddings": True}),
    "smollm3-3b": ("smollm3", 2048, 36, 11008, 128256, 16, 4, {}),
    "llama-3.1-8b": ("llama", 4096, 32, 14336, 128256, 32, 8, {}),
    "llama-3.2-1b": ("llama", 2048, 16, 8192, 128256, 32, 8, {"tie_word_embeddings": True}),
    "llama-3.2-3b": ("llama", 3072, 28, 8192, 128256, 24, 8, {"tie_word_embeddings": True, "head_dim": 128}),
    "qwen2.5-0.5b": ("qwen2", 896, 24, 4864, 151936, 14, 2, {"tie_word_embeddings": True}),
    "qwen2.5-1.5b": ("qwen2", 1536, 28, 8960, 151936, 12, 2, {"tie_word_embeddings": True}),
    "qwen2.5-3b": ("qwen2", 2048, 36, 11008, 151936, 16, 2, {"tie_word_embeddings": True}),
    "qwen2.5-7b": ("qwen2", 3584, 28, 18944, 152064, 28, 4, {}),
    "qwen3-0.6b": ("qwen3", 1024, 28, 3072, 151936, 16, 8, {"tie_word_embeddings": True}),
    "qwen3-1.7b": ("qwen3", 2048, 28, 6144, 151936, 16, 8, {"tie_word_embeddings": True}),
    "qwen3-4b": ("qwen3", 2560, 36, 9728, 151936, 32, 8, {"tie_word_embeddings": True}),
    "qwen3-8b": ("qwen3", 4096, 36, 12288, 151936, 32, 8, {}),
    "mistral-7b-instruct-v0.3": ("mistral", 4096, 32, 14336, 32768, 32, 8, {"sliding_window": None}),
    "gemma-2-2b": ("gemma2", 2304, 26, 9216, 256000, 8, 4, {}),
    "gemma-2-9b": ("gemma2", 3584, 42, 14336, 256000, 16, 8, {}),
    "gemma-3-1b": ("gemma3_text", 1152, 26, 6912, 262144, 4, 1, {"sliding_window": 512}),
    "phi-3.5-mini": ("phi3", 3072, 32, 8192, 32064, 32, 32, {}),
    "phi-4-mini": ("phi3", 3072, 32, 8192, 200064, 24, 8, {"tie_word_embeddings": True}),
    "olmo-2-0425-1b": ("olmo2", 2048, 16, 8192, 100352, 16, 16, {}),
    "olmo-2-1124-7b": ("olmo2", 4096, 32, 11008, 100352, 32, 32, {}),
}
PARAMETERS = {
    "smollm2-135m": 134_515_008,
    "smollm2-360m": 361_821_120,
    "smollm2-1.7b": 1_711_376_384,
    "smollm3-3b": 3_075_098_624,
    "llama-3.1-8b": 8_030_261_248,
    "llama-3.2-1b": 1_235_814_400,
    "llama-3.2-3b": 3_212_749_824,
    "qwen2.5-0.5b": 494_032_768,
    "qwen2.5-1.5b": 1_543_714_304,
    "qwen2.5-3b": 3_085_938_688,
    "qwen2.5-7b": 7_615_616_512,
    "qwen3-4b": 4_022_468_096,
    "qwen3-8b": 8_190_735_360,
    "mistral-7b-instruct-v0.3": 7_248_023_552,
    "gemma-2-2b": 2_614_341_888,
    "gemma-2-9b": 9_241_705_984,
    "gemma-3-1b": 999_885_952,
    "phi-3.5-mini": 3_821_079_552,
    "phi-4-mini": 3_836_021_760,
    "olmo-2-0425-1b": 1_484_916_736,
    "olmo-2-1124-7b": 7_298_617_344,
}
NUMBERS = ("hidden_size", "num_hidden_layers", "intermediate_size", "vocab_size", "num_attention_heads", "num_key_value_heads")


def known_config(name: str) -> dict[str, Any] | None:
    """The configuration of a model that is named here, by a part of its name; of several the longest name decides; else None.

    >>> known_config("meta-llama/Llama-3.1-8B-Instruct")["hidden_size"]
    4096
    """
    for known in sorted(KNOWN, key=len, reverse=True):
        if known in name.lower():
            family, *numbers, more = KNOWN[known]
            return {"model_type": family, **dict(zip(NUMBERS, numbers, strict=True)), **more}
    return None


def known_shape(name: str) -> ModelShape:
    """The shape of a model of KNOWN. Raises KeyError for any other."""
    config = known_config(name)
    if config is None:
        raise KeyError(name)
    return read_shape(config, name)
