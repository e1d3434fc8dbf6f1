"""Compose rejects a GPU reservation, or the reservation has no effect.

Compose rejects a reservation with both `count` and `device_ids`, and a `count` that is neither a number nor `all`. It
accepts `count: 0`, which requests no GPU from Docker, and an empty list of capabilities, for which Docker finds no
driver. (Under `gpus:`, Compose adds the `gpu` capability.) The schema does not catch any of these.

```yaml bad
services:
  train:
    image: train
    deploy:
      resources:
        reservations:
          devices:
            - driver: nvidia
              count: 1
              device_ids: ["0"]
            # ^^^^^^^^^^ `count` and `device_ids` are mutually exclusive: Compose rejects the file
              capabilities: [gpu]
            - driver: nvidia
              count: 0
              #      ^ `count: 0` reserves no GPU
              capabilities: [gpu]
            - driver: nvidia
              count: one
              #      ^^^ `count: one` is neither a number nor `all`: Compose rejects the file
              capabilities: []
              #             ^^ the reservation has no capabilities: Docker finds no driver for it, and the container does not start
  infer:
    image: infer
    gpus:
      - count: none
      #        ^^^^ `count: none` is neither a number nor `all`: Compose rejects the file
```

```yaml fixed
services:
  train:
    image: train
    deploy:
      resources:
        reservations:
          devices:
            - driver: nvidia
              device_ids: ["0"]
              capabilities: [gpu]
            - driver: nvidia
              count: 0
              capabilities: [gpu]
            - driver: nvidia
              count: one
              capabilities: [gpu]
  infer:
    image: infer
    gpus:
      - count: none
```

```yaml good
services:
  train:
    image: train
    deploy:
      resources:
        reservations:
          devices:
            - driver: nvidia
              count: all
              capabilities: [gpu]
            - driver: nvidia
              device_ids: ["0", "1"]
              capabilities: [gpu]
  infer:
    image: infer
    gpus:
      - count: 1
```

What this rule cannot see: how many GPUs the host has, and whether the driver is installed.
"""

from __future__ import annotations

from modellint.fixing.list_edits import take_out_entry
from modellint.rule import (
    ERROR,
    WARNING,
    Context,
    Edit,
    Finding,
    Findings,
    Fix,
    Mapping,
    Node,
    Related,
    Scalar,
    Sequence,
    Service,
    rule,
)
from modellint.text.numbers import signed


@rule(ERROR, refused=True, tags=("gpu",))
def invalid_gpu_reservation(service: Service, context: Context) -> Findings:
    """Report each request for devices that cannot be fulfilled."""
    reserved = service.body.get("deploy", "resources", "reservations", "devices")
    for device in reserved if isinstance(reserved, Sequence) else ():
        if isinstance(device, Mapping):
            yield from _amount(device)
            yield from _capabilities(device)
    gpus = service.body.get("gpus")
    for device in gpus if isinstance(gpus, Sequence) else ():
        if isinstance(device, Mapping):
            yield from _amount(device)


def _amount(device: Mapping) -> Findings:
    count, ids = device.get("count"), device.key("device_ids")
    if ids is not None and isinstance(count, Scalar):
        message = "`count` and `device_ids` are mutually exclusive: Compose rejects the file"
        edits = take_out_entry(device, "count") if _is_filled(device.get("device_ids")) else None
        fix = Fix("remove `count` and reserve the listed devices", edits) if edits else None
        hint = "" if fix else "keep only one of them"
        yield Finding(ids.content, message, fix, [Related(count.content, "conflicts with this")], hint=hint)
    elif isinstance(count, Scalar):
        yield from _count(count)


def _capabilities(device: Mapping) -> Findings:
    capabilities = device.get("capabilities")
    if isinstance(capabilities, Sequence) and not capabilities.items:
        message = "the reservation has no capabilities: Docker finds no driver for it, and the container does not start"
        fix = None
        if capabilities.span.text.startswith("[") and not capabilities.anchor and not capabilities.tag:
            fix = Fix("write `capabilities: [gpu]`", [Edit(capabilities.span, "[gpu]")])
        yield Finding(capabilities.span, message, fix, hint="" if fix else "write `capabilities: [gpu]`")


def _is_filled(ids: Node | None) -> bool:
    return isinstance(ids, Sequence) and bool(ids.items)


def _count(count: Scalar) -> Findings:
    number = _number(count)
    if number == 0:
        yield Finding(count.content, "`count: 0` reserves no GPU", hint="write `all` or the number of GPUs")
    elif number is not None and number < -1:
        message = f"`count: {count.shown}` reserves every GPU, like any negative number"
        yield Finding(count.content, message, hint="write `all` or the number of GPUs", severity=WARNING)
    elif number is None and isinstance(count.value, str) and count.value.lower() != "all":
        message = f"`count: {count.shown}` is neither a number nor `all`: Compose rejects the file"
        yield Finding(count.content, message, hint="write `all` or the number of GPUs")


def _number(count: Scalar) -> int | None:
    value = count.value
    if isinstance(value, str):
        return signed(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None
