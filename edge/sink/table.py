"""The sinks by name."""

from edge.registry import Entry, Table

SINKS = Table(
    {
        "film": Entry("edge.sink.film:FilmSink"),
        "stills": Entry("edge.sink.pictures:StillsSink"),
        "records": Entry("edge.sink.records:RecordsSink"),
        "panorama": Entry("edge.sink.pictures:PanoramaSink"),
        "masks": Entry("edge.sink.pictures:MasksSink"),
    },
    "sonoedge.sinks",
)
