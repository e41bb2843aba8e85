"""What a function that computes a default is given. Its attributes are those of Metaflow's."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


class ParameterContext:
    """The flow, the user, the parameter and the kind of store (`local`, `s3`, `gs`, `azure`) of the run that starts."""

    def __init__(self, flow_name: str, user_name: str | None, parameter_name: str, ds_type: str, configs: Callable[[], Any]) -> None:
        self.flow_name, self.user_name, self.parameter_name, self.ds_type = flow_name, user_name, parameter_name, ds_type
        self._configs = configs

    def logger(self, text: object = "", **style: object) -> None:
        """Print a line; colours are left out."""
        print(text)

    @property
    def configs(self) -> Any:
        """The configs by name, as attributes and items."""
        return self._configs()
