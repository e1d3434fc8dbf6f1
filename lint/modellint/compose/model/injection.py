"""The variables that a grant injects: exactly those of Docker Compose (`pkg/compose/model.go`)."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from modellint.compose.model.versions import Features

ENDPOINT = "endpoint"
MODEL = "model"


def prefix(name: str) -> str:
    """The default prefix of a model's variables. Only `-` is replaced: a `.` or a leading digit stays."""
    return _go_upper(name).replace("-", "_")


def variable_names(
    name: str, endpoint_var: str | None, model_var: str | None, features: Features | None = None
) -> tuple[str, str]:
    """Names of the variables that hold the endpoint and the model reference. An empty setting counts as none.

    Without `features`, those of the newest Docker Compose. The second name is empty for a version that sets none.
    """
    start = prefix(name)
    endpoint = endpoint_var or f"{start}_URL"
    if features is None or features.model_suffix:
        return endpoint, model_var or f"{start}_MODEL"
    return endpoint, (model_var or start) if features.injects_model else ""


def provider_variable_names(service: str) -> tuple[str, str]:
    """The same for a service with `provider: {type: model}`, where even the `-` stays (`pkg/compose/plugins.go`)."""
    return f"{_go_upper(service)}_URL", f"{_go_upper(service)}_MODEL"


def _go_upper(text: str) -> str:
    """Go's `strings.ToUpper`: rune by rune, so that `ß` stays `ß`."""
    return "".join(upper if len(upper := letter.upper()) == 1 else letter for letter in text)
