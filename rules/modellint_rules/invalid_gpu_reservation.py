"""A GPU reservation that Compose refuses, or that reserves nothing.

Compose refuses a reservation with both `count` and `device_ids`, and a `count` that is neither a number nor `all`. It
accepts `count: 0`, which asks Docker for no GPU, and an empty list of capabilities, for which Docker finds no driver. (Below
`gpus:` the capability `gpu` is added by Compose.) The schema sees none of these.

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
            # ^^^^^^^^^^ `count` and `device_ids` exclude each other: Compose refuses the file
              capabilities: [gpu]
            - driver: nvidia
              count: 0
              #      ^ `count: 0` asks for no GPU at all
              capabilities: [gpu]
            - driver: nvidia
              count: one
              #      ^^^ `count: one` is neither a number nor `all`: Compose refuses the file
              capabilities: []
              #             ^^ a reservation without a capability: Docker finds no driver for it and the container does not start
  infer:
    image: infer
    gpus:
      - count: none
      #        ^^^^ `count: none` is neither a number nor `all`: Compose refuses the file
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

What this rule cannot see: how many GPUs the machine has, and whether the driver is installed.
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
    Scalar,
    Sequence,
    Service,
    rule,
)
from modellint.text.numbers import signed


@rule(ERROR, refused=True, tags=("gpu",))
def invalid_gpu_reservation(service: Service, context: Context) -> Findings:
    """Report each request for devices that cannot be met."""
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
        message = "`count` and `device_ids` exclude each other: Compose refuses the file"
        edits = take_out_entry(device, "count") if _is_filled(device.get("device_ids")) else None
        fix = Fix("drop `count`, and reserve the devices that are named", edits) if edits else None
        hint = "" if fix else "keep one of the two"
        yield Finding(ids.content, message, fix, [(count.content, "and this")], hint=hint)
    elif isinstance(count, Scalar):
        yield from _count(count)


def _capabilities(device: Mapping) -> Findings:
    capabilities = device.get("capabilities")
    if isinstance(capabilities, Sequence) and not capabilities.items:
        message = "a reservation without a capability: Docker finds no driver for it and the container does not start"
        fix = None
        if capabilities.span.text.startswith("[") and not capabilities.anchor and not capabilities.tag:
            fix = Fix("write `capabilities: [gpu]`", [Edit(capabilities.span, "[gpu]")])
        yield Finding(capabilities.span, message, fix, hint="" if fix else "write `capabilities: [gpu]`")


def _is_filled(ids: Node | None) -> bool:
    return isinstance(ids, Sequence) and bool(ids.items)


def _count(count: Scalar) -> Findings:
    number = _number(count)
    if number == 0:
        yield Finding(count.content, "`count: 0` asks for no GPU at all", hint="write `all`, or how many are needed")
    elif number is not None and number < -1:
        message = f"`count: {count.shown}` means every GPU, as any negative number does"
        yield Finding(count.content, message, hint="write `all`, or how many are needed", severity=WARNING)
    elif number is None and isinstance(count.value, str) and count.value.lower() != "all":
        message = f"`count: {count.shown}` is neither a number nor `all`: Compose refuses the file"
        yield Finding(count.content, message, hint="write `all`, or how many are needed")


def _number(count: Scalar) -> int | None:
    value = count.value
    if isinstance(value, str):
        return signed(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None
