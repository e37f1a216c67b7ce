"""The steps on the way to a hip, for whoever wants to see why it was seen so."""

import numpy as np

from edge.finding import LineMark, Mark, StageMark
from edge.frame import Region
from edge.task.hip.joint import Joint
from edge.task.hip.lines import Floats
from edge.task.hip.marks import LABRUM_SHARE, circle
from edge.task.outlines import closed_line


def stages_of(joint: Joint, region: Region) -> tuple[Mark, ...]:
    """In the order in which they are made."""

    def placed(points: Floats) -> np.ndarray:
        inside = joint.work.to_region(joint.upright(points))
        return np.asarray(inside + np.array((region.x, region.y)), np.float32)

    calm = np.clip(joint.work.calm, 0, 255).astype(np.uint8)
    bone, steep = (np.clip(plane * 200, 0, 255).astype(np.uint8) for plane in (joint.work.bone, joint.work.steep))
    if joint.mirrored:
        calm, bone, steep = (np.ascontiguousarray(plane[:, ::-1]) for plane in (calm, bone, steep))
    cell = 1 / joint.work.px_per_px[1]
    corner = region.x - 0.5, region.y - 0.5
    rim = placed(circle(joint.rim.at, 0.03 * calm.shape[1]))
    paths = (
        LineMark("before", placed(joint.ilium.points)),
        LineMark("after", placed(joint.roof.points)),
    )
    joints = [closed_line("after", placed(circle(joint.head.middle, joint.head.radius)))]
    if joint.labrum is not None:
        spot = circle(joint.labrum.at, LABRUM_SHARE * joint.head.radius)
        joints.append(closed_line("candidate 1", placed(spot)))
    return (
        StageMark("speckle taken away", calm, False, corner, cell, ()),
        StageMark("bone: bright over a shadow", bone, True, corner, cell, ()),
        StageMark("bony rim: where two lines meet", steep, True, corner, cell, (closed_line("candidate 1", rim),)),
        StageMark("ilium (dashed) and roof, followed", calm, False, corner, cell, paths),
        StageMark("head and labrum", calm, False, corner, cell, tuple(joints)),
    )
