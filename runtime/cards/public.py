"""All names of `metaflow.cards` but `get_cards`, for flows that import them."""

from __future__ import annotations

from flowport.runtime.cards.charts import ProgressBar, ValueBox, VegaChart
from flowport.runtime.cards.classes import BlankCard, DefaultCard, ErrorCard, MetaflowCard, PageComponent
from flowport.runtime.cards.component import MetaflowCardComponent, UserComponent, with_default_component_id
from flowport.runtime.cards.image import Image
from flowport.runtime.cards.table import Table
from flowport.runtime.cards.texts import Artifact, Error, Markdown, PythonCode
from flowport.runtime.cards.timeline import EventsTimeline
from flowport.runtime.cards.viewers import JSONViewer, YAMLViewer

__all__ = (
    "Artifact", "BlankCard", "DefaultCard", "Error", "ErrorCard", "EventsTimeline", "Image", "JSONViewer", "Markdown", "MetaflowCard",
    "MetaflowCardComponent", "PageComponent", "ProgressBar", "PythonCode", "Table", "UserComponent", "ValueBox", "VegaChart", "YAMLViewer",
    "with_default_component_id",
)  # fmt: skip
