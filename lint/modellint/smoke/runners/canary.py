"""Make a canary: a tiny real model that answers with its own name, whatever it is asked.

    write("llm.gguf", "llm")

It is a GGUF file of the llama architecture, 300 KB, and llama.cpp loads it as any other. Its weights make a chain of
two links: after any token comes the answer, and after the answer the end. So a right answer proves that this very file
was reached, which a model of random weights could not; it proves nothing about what another model needs or does.

The same words give the same bytes: no weight comes from a random generator or a function of the C library.

It takes `gguf` and `numpy`, which are imported when a canary is made and not before: `pip install 'modellint[canary]'`.
"""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import gguf
    import numpy as np
    from numpy.typing import NDArray

    Words = list[tuple[str, gguf.TokenType]]
    Numbers = NDArray[np.float32]

_INSTALL = "pip install 'modellint[canary]'"
_LARGEST_CONTEXT = (1 << 31) - 1  # tokens: llama.cpp's `--ctx-size` is an int
_WIDTH, _HEADS, _HIDDEN = 64, 2, 128
_UNKNOWN, _BEGIN, _END = 0, 1, 2
_ROLES = ("<|system|>", "<|user|>", "<|assistant|>", "<|tool|>")
_TEMPLATE = (
    "{% for m in messages %}<|{{ m['role'] }}|>{{ m['content'] }}</s>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)


class NoCanary(Exception):
    """A canary cannot be made. The text says why, and what to do."""


def write(path: str, answer: str, *, context: int = 8192, embedding: bool = False, template: bool = True) -> None:
    """Write a canary that says it was trained with a context of so many tokens.

    One for embeddings says how to pool them (mean). One without a template is given llama.cpp's usual one to chat with.
    Raises `NoCanary` where gguf or numpy is not installed, or for an answer or a context that no model can have.
    """
    if not 0 < context <= _LARGEST_CONTEXT:
        raise NoCanary(f"a canary cannot have a context size of {context} tokens")
    try:
        _write(path, answer, context, embedding, template)
    except ImportError:
        raise NoCanary(f"a canary requires gguf and numpy, which are not installed: run {_INSTALL}") from None


def _write(path: str, answer: str, context: int, embedding: bool, template: bool) -> None:
    import gguf

    words = _words(answer)
    kinds = [kind for _, kind in words]
    with closing(gguf.GGUFWriter(path, "llama")) as writer:
        writer.add_name("modellint-canary")
        writer.add_description(f"Made by modellint to test with. It answers: {answer}")
        writer.add_context_length(context)
        writer.add_embedding_length(_WIDTH)
        writer.add_block_count(1)
        writer.add_feed_forward_length(_HIDDEN)
        writer.add_head_count(_HEADS)
        writer.add_head_count_kv(_HEADS)
        writer.add_rope_dimension_count(_WIDTH // _HEADS)
        writer.add_layer_norm_rms_eps(1e-5)
        writer.add_vocab_size(len(words))
        writer.add_file_type(gguf.LlamaFileType.ALL_F32)
        if embedding:
            writer.add_pooling_type(gguf.PoolingType.MEAN)
        writer.add_tokenizer_model("llama")
        writer.add_token_list([word for word, _ in words])
        writer.add_token_scores([-float(at) if kind == gguf.TokenType.BYTE else 0.0 for at, kind in enumerate(kinds)])
        writer.add_token_types(kinds)
        writer.add_bos_token_id(_BEGIN)
        writer.add_eos_token_id(_END)
        writer.add_unk_token_id(_UNKNOWN)
        writer.add_add_bos_token(True)
        writer.add_add_space_prefix(False)
        if template:
            writer.add_chat_template(_TEMPLATE)
        for name, tensor in _weights(len(words)).items():
            writer.add_tensor(f"{name}.weight", tensor)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()


def _words(answer: str) -> Words:
    """The tokens. Every byte is one, so any prompt can be read, and so is the whole answer, the last one."""
    from gguf import TokenType

    words = [("<unk>", TokenType.UNKNOWN), ("<s>", TokenType.CONTROL), ("</s>", TokenType.CONTROL)]
    words += [(f"<0x{byte:02X}>", TokenType.BYTE) for byte in range(256)]
    words += [(role, TokenType.CONTROL) for role in _ROLES]
    # llama.cpp ends itself where a word is there twice, and says `[EMPTY_263]` for an empty one.
    if not answer or answer in dict(words):
        raise NoCanary(f"a canary cannot answer `{answer}`")
    return [*words, (answer, TokenType.USER_DEFINED)]


def _noise(rows: int, columns: int, size: float, seed: int) -> Numbers:
    """Numbers around 0 that look random, so that the whole graph has something to compute. Integers make them."""
    import numpy as np

    steps = np.arange(rows * columns, dtype=np.uint64) + np.uint64(seed * 1_000_003)
    mixed = (steps * np.uint64(2_654_435_761)) % np.uint64(1 << 32)
    mixed = (mixed ^ (mixed >> np.uint64(15))) * np.uint64(2_246_822_519) % np.uint64(1 << 32)
    return ((mixed.astype(np.float64) / (1 << 31) - 1.0) * size).astype(np.float32).reshape(rows, columns)


def _weights(count: int) -> dict[str, Numbers]:
    """Column 0 of a token's embedding says "not answered yet", column 1 "answered"; the output reads them."""
    import numpy as np

    answer = count - 1
    embedding = _noise(count, _WIDTH, 0.02, 1)
    embedding[:, 0], embedding[:, 1] = 1.0, 0.0
    embedding[answer, :2] = 0.0, 1.0
    output = _noise(count, _WIDTH, 0.001, 2)
    output[:, :2] = 0.0
    output[answer, 0] = output[_END, 1] = 8.0
    found: dict[str, Numbers] = {
        "token_embd": embedding,
        "output_norm": np.ones(_WIDTH, np.float32),
        "output": output,
        "blk.0.attn_norm": np.ones(_WIDTH, np.float32),
        "blk.0.ffn_norm": np.ones(_WIDTH, np.float32),
        "blk.0.attn_output": _noise(_WIDTH, _WIDTH, 0.001, 3),
        "blk.0.ffn_gate": _noise(_HIDDEN, _WIDTH, 0.02, 4),
        "blk.0.ffn_up": _noise(_HIDDEN, _WIDTH, 0.02, 5),
        "blk.0.ffn_down": _noise(_WIDTH, _HIDDEN, 0.001, 6),
    }
    found.update((f"blk.0.attn_{name}", _noise(_WIDTH, _WIDTH, 0.02, 7 + at)) for at, name in enumerate("qkv"))
    return found
