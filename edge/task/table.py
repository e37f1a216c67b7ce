"""The tasks by name."""

from types import MappingProxyType

from edge.registry import Entry

TASKS = MappingProxyType(
    {
        "cartilage": Entry("edge.task.cartilage.task:CartilageTask"),
        "muscle": Entry("edge.task.muscle.task:MuscleTask"),
        "nerve": Entry("edge.task.nerve.task:NerveTask"),
        "tissue": Entry("edge.task.tissue.task:TissueTask"),
    }
)

CLASSICAL = MappingProxyType(
    {
        "muscle": Entry("edge.task.muscle.task:ClassicalMuscleTask"),
        "nerve": Entry("edge.task.nerve.classical:ClassicalNerveTask"),
        "tissue": Entry("edge.task.tissue.task:ClassicalTissueTask"),
    }
)
"""Those that can do without a network."""
