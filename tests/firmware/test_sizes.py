"""The sum of the stack along the calls, on graphs whose depth is known, and that of the firmware itself."""

import shutil
import sys

import pytest

sizes = pytest.importorskip("tools.quality.sizes", reason="the checkout's tools are not importable")


def test_the_deepest_way_is_not_the_longest():
    graph = sizes.Graph({"a": 8, "b": 100, "c": 16, "d": 16}, {"a": {"b", "c"}, "c": {"d", "memcpy"}})
    assert graph.deepest("a") == (108, ("a", "b"))
    assert graph.deepest("c") == (32, ("c", "d"))


def test_a_function_that_calls_itself_has_no_bound():
    graph = sizes.Graph({"a": 8, "b": 8}, {"a": {"b"}, "b": {"a"}})
    with pytest.raises(sizes.SizesToolError, match="a calls itself"):
        graph.deepest("a")


def test_a_graph_as_gcc_writes_it(tmp_path):
    (tmp_path / "core").mkdir()
    (tmp_path / "core" / "x.c").write_text("void f(void) {\n    known->obey(1);\n    other->way(2);\n}\n")
    info = tmp_path / "x.ci"
    node = 'node: {{ title: "{0}" label: "f\\ncore/x.c:1:1\\n{1} bytes (static)" }}\n'
    edge = 'edge: {{ sourcename: "f" targetname: "{0}" label: "core/x.c:{1}:5" }}\n'
    nodes = node.format("f", 24) + node.format("obey_echo", 40) + node.format("obey_all", 8) + node.format("other", 400)
    info.write_text(nodes + edge.format("__indirect_call", 2))
    assert sizes.read_graph([info], tmp_path).deepest("f") == (64, ("f", "obey_echo"))
    info.write_text(nodes + edge.format("__indirect_call", 3))
    with pytest.raises(sizes.SizesToolError, match=r"REACHED does not name: other->way\(2\);"):
        sizes.read_graph([info], tmp_path)


@pytest.mark.slow
def test_the_firmware_stays_small(tmp_path):
    if shutil.which("arm-none-eabi-gcc") is None:
        pytest.skip("needs apt-get install -y --no-install-recommends gcc-arm-none-eabi libnewlib-arm-none-eabi")
    sizes.build(tmp_path)
    for program in ("app", "boot"):
        graph = sizes.read_graph(sorted(tmp_path.glob(f"{program}.elf-*.ci")))
        n_bytes, way = graph.deepest(sizes.START)
        assert "sha256_update" in way[-1] and 800 < n_bytes < 2048, way
    report = sizes.report(tmp_path)
    sys.stdout.write(report)
    assert "the device's whole state: 2" in report
