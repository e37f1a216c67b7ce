"""The tasks by name."""

from types import MappingProxyType

from edge.registry import Entry

TASKS = MappingProxyType({"cartilage": Entry("edge.task.cartilage:CartilageTask")})
