"""The runtime flags that Docker Model Runner lets through to llama-server.

The names are those of docker/model-runner 1.2.6 (642c7211, `pkg/inference/runtime_flags_allowlist.go`); it has had
such lists since 1.0.15. Docker Compose asks before the model's format is known, so of a model in a Compose file only
the list of llama.cpp matters. Which names mean one option, and which options take a value, is what llama.cpp's own
argument parser says (October 2026).
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

# One word is one option: its names, joined by a slash.
_WITH_VALUE = """
-t/--threads -tb/--threads-batch -C/--cpu-mask -Cr/--cpu-range --cpu-strict --prio --poll -Cb/--cpu-mask-batch
-Crb/--cpu-range-batch --cpu-strict-batch --prio-batch --poll-batch -c/--ctx-size -n/--predict/--n-predict
-b/--batch-size -ub/--ubatch-size --keep -fa/--flash-attn --rope-scaling --rope-scale --rope-freq-base
--rope-freq-scale --yarn-orig-ctx --yarn-ext-factor --yarn-attn-factor --yarn-beta-slow --yarn-beta-fast
-ctk/--cache-type-k -ctv/--cache-type-v -dev/--device -ncmoe/--n-cpu-moe -ngl/--gpu-layers/--n-gpu-layers
-sm/--split-mode -ts/--tensor-split -mg/--main-gpu -fit/--fit -fitt/--fit-target -fitc/--fit-ctx
--control-vector-layer-range --samplers -s/--seed --temp/--temperature --top-k --top-p --min-p --top-nsigma
--xtc-probability --xtc-threshold --typical --repeat-last-n --repeat-penalty --presence-penalty --frequency-penalty
--dry-multiplier --dry-base --dry-allowed-length --dry-penalty-last-n --dynatemp-range --dynatemp-exp --mirostat
--mirostat-lr --mirostat-ent --grammar -j/--json-schema -cram/--cache-ram --cache-reuse --pooling -np/--parallel
--image-min-tokens --image-max-tokens --api-prefix --api-key --webui-config -to/--timeout --threads-http
--chat-template --chat-template-kwargs --reasoning-format --reasoning-budget -sps/--slot-prompt-similarity
--sleep-idle-seconds --draft-max/--draft-n-max --draft-min/--draft-n-min -cd/--ctx-size-draft
-td/--threads-draft/--spec-draft-threads -tbd/--threads-batch-draft/--spec-draft-threads-batch
-Cd/--cpu-mask-draft/--spec-draft-cpu-mask -Crd/--cpu-range-draft/--spec-draft-cpu-range
--cpu-strict-draft/--spec-draft-cpu-strict --prio-draft/--spec-draft-prio --poll-draft/--spec-draft-poll
-Cbd/--cpu-mask-batch-draft/--spec-draft-cpu-mask-batch --cpu-strict-batch-draft/--spec-draft-cpu-strict-batch
--prio-batch-draft/--spec-draft-prio-batch --poll-batch-draft/--spec-draft-poll-batch
-ctkd/--cache-type-k-draft/--spec-draft-type-k -ctvd/--cache-type-v-draft/--spec-draft-type-v
-otd/--override-tensor-draft/--spec-draft-override-tensor
-ncmoed/--n-cpu-moe-draft/--spec-draft-n-cpu-moe/--spec-draft-ncmoe -devd/--device-draft/--spec-draft-device
-ngld/--gpu-layers-draft/--n-gpu-layers-draft/--spec-draft-ngl --draft-p-split/--spec-draft-p-split
--draft-p-min/--spec-draft-p-min --spec-draft-n-max --spec-draft-n-min --spec-type --spec-ngram-mod-n-min
--spec-ngram-mod-n-max --spec-ngram-mod-n-match --spec-ngram-simple-size-n --spec-ngram-simple-size-m
--spec-ngram-simple-min-hits --spec-ngram-map-k-size-n --spec-ngram-map-k-size-m --spec-ngram-map-k-min-hits
--spec-ngram-map-k4v-size-n --spec-ngram-map-k4v-size-m --spec-ngram-map-k4v-min-hits
"""
_SWITCHES = """
--swa-full --perf --no-perf -kvo/--kv-offload -nkvo/--no-kv-offload --repack -nr/--no-repack --no-host --mlock --mmap
--no-mmap -dio/--direct-io -ndio/--no-direct-io -cmoe/--cpu-moe --check-tensors --op-offload --no-op-offload
-v/--verbose --ignore-eos -bs/--backend-sampling -cmoed/--cpu-moe-draft/--spec-draft-cpu-moe
--spec-draft-backend-sampling --no-spec-draft-backend-sampling -kvu/--kv-unified --context-shift --no-context-shift
--warmup --no-warmup --spm-infill -cb/--cont-batching -nocb/--no-cont-batching --mmproj-auto
--no-mmproj/--no-mmproj-auto --mmproj-offload --no-mmproj-offload --webui --no-webui --embedding/--embeddings
--rerank/--reranking --cache-prompt --no-cache-prompt --metrics --no-metrics --props --slots --no-slots --jinja
--no-jinja --prefill-assistant --no-prefill-assistant --lora-init-without-apply
"""
_VLLM = """
--block-size --disable-custom-all-reduce --disable-log-stats --dtype --enable-chunked-prefill --enable-prefix-caching
--enforce-eager --gpu-memory-utilization --kv-cache-dtype --load-format --max-logprobs --max-model-len
--max-num-batched-tokens --max-num-seqs --pipeline-parallel-size --quantization --revision --seed --served-model-name
--swap-space --tensor-parallel-size --tokenizer-mode --use-v2-block-manager -pp -q -tp
"""

LLAMA_CPP = "llama.cpp"
NOT_ALLOWED = "not allowed"
FLAG_AS_VALUE = "flag as a value"
PATH = "path"

_OPTION = {name: names for names in (_WITH_VALUE + _SWITCHES).split() for name in names.split("/")}
_TAKES_VALUE = frozenset(name for names in _WITH_VALUE.split() for name in names.split("/"))
ALLOWED: dict[str, frozenset[str]] = {LLAMA_CPP: frozenset(_OPTION), "vllm": frozenset(_VLLM.split())}
_NONE: frozenset[str] = frozenset()


def key_of(flag: str) -> str:
    """The name of a flag, up to a `=`; empty for a word that is no flag."""
    return flag.partition("=")[0] if flag.startswith("-") else ""


def takes_value(name: str) -> bool:
    """Whether llama-server reads the next word as the value of the flag."""
    return name in _TAKES_VALUE


def same_option(one: str, other: str) -> bool:
    """Whether two names stand for one option, as `-c` and `--ctx-size` do."""
    return one in _OPTION and option(one) == option(other)


def option(name: str) -> str:
    """One word for all the names of an option, as for `-c` and `--ctx-size`; empty for a name that is not known."""
    return _OPTION.get(name, "")


def fault(flag: str, backend: str = LLAMA_CPP) -> str:
    """Why the runner refuses a word of the flags: `NOT_ALLOWED`, `FLAG_AS_VALUE`, `PATH`, or empty: it does not."""
    key = key_of(flag)
    if key and key not in ALLOWED.get(backend, _NONE):
        return NOT_ALLOWED
    _, equals, value = flag.partition("=")
    if equals and value.startswith("-") and value[1:2] not in tuple("0123456789"):
        return FLAG_AS_VALUE
    return PATH if "/" in flag or "\\" in flag else ""


def refusal(flags: Sequence[str], backend: str = LLAMA_CPP) -> str | None:
    """The error with which the runner refuses the flags, or None (`pkg/inference/runtime_flags.go`, 1.2.6)."""
    faults = [(fault(flag, backend), flag) for flag in flags]
    for kind in (NOT_ALLOWED, FLAG_AS_VALUE, PATH):
        for found, flag in faults:
            if found == kind:
                return _error(kind, flag, backend)
    return None


def pairs(flags: Sequence[str]) -> list[tuple[str, int, int | None]]:
    """The flags as llama-server reads them: name, index, and the index of the value where it is a word of its own."""
    found: list[tuple[str, int, int | None]] = []
    at = 0
    while at < len(flags):
        flag = flags[at]
        name = key_of(flag)
        value = at + 1 if takes_value(flag) and at + 1 < len(flags) else None
        if name:
            found.append((name, at, value))
        at += 1 if value is None else 2
    return found


def _error(kind: str, flag: str, backend: str) -> str:
    if kind == NOT_ALLOWED:
        return f'runtime flag {_quoted(key_of(flag))} is not allowed for backend "{backend}"'
    if kind == FLAG_AS_VALUE:
        return f"invalid flag {_quoted(flag)}: value cannot start with '-' unless followed by a digit"
    return f"invalid runtime flag {_quoted(flag)}: paths are not allowed (contains '/' or '\\\\')"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
