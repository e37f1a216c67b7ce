"""The sources by name. `sonoedge run --source NAME:REST`, or a bare path, whose kind is told from the file."""

from edge.registry import Entry, Table

SOURCES = Table(
    {
        "stills": Entry("edge.source.stills:open_stills"),
        "video": Entry("edge.source.video:open_video"),
        "camera": Entry("edge.source.camera:open_camera"),
        "dicom": Entry("edge.source.dicom:open_dicom", extra="dicom"),
        "phantom": Entry("edge.source.phantom:open_phantom"),
    },
    "sonoedge.sources",
)
