"""The tasks by name."""

from types import MappingProxyType

from edge.registry import Entry

TASKS = MappingProxyType(
    {
        "cartilage": Entry("edge.task.cartilage:CartilageTask"),
        "muscle": Entry("edge.task.muscle:MuscleTask"),
        "nerve": Entry("edge.task.nerve:NerveTask"),
        "tissue": Entry("edge.task.tissue:TissueTask"),
    }
)

CLASSICAL = MappingProxyType(
    {
        "muscle": Entry("edge.task.muscle:ClassicalMuscleTask"),
        "nerve": Entry("edge.task.nerve_classical:ClassicalNerveTask"),
        "tissue": Entry("edge.task.tissue:ClassicalTissueTask"),
    }
)
"""Those that can do without a network."""
