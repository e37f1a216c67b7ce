"""The sinks by name."""

from types import MappingProxyType

from edge.registry import Entry

SINKS = MappingProxyType(
    {
        "video": Entry("edge.sink.video:VideoSink"),
        "stills": Entry("edge.sink.pictures:StillsSink"),
        "records": Entry("edge.sink.records:RecordsSink"),
        "masks": Entry("edge.sink.pictures:MasksSink"),
    }
)
