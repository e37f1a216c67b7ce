"""The board's own table of speeds."""

from rich.console import Console

from edge.app.speed_table import ModelSpeed, model_speeds, slower_as_int8, speed_view
from edge.runtime.choice import RuntimeTiming
from edge.runtime.manifest import list_models, load_manifest, model_folder

SPEEDS = (
    ModelSpeed(
        "knee",
        1,
        (
            RuntimeTiming("openvino", "int8", 2.0),
            RuntimeTiming("openvino", "float", 4.0),
            RuntimeTiming("onnx", "int8", 9.0),
            RuntimeTiming("onnx", "float", 6.0),
        ),
    ),
    ModelSpeed("hip", 2, (RuntimeTiming("openvino", "int8", 1.51), RuntimeTiming("openvino", "float", 1.5))),
)


def test_where_int8_is_slower_than_float_it_says_so_and_what_to_do():
    (line,) = slower_as_int8(SPEEDS)
    assert line.startswith("onnx is slower with int8 than with float here (knee with 1 thread 9.00 against 6.00 ms)")
    assert "--runtime onnx take --precision float" in line


def test_the_table_fits_a_serial_console():
    console = Console(width=80, record=True)
    console.print(speed_view(SPEEDS))
    lines = console.export_text().splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[3].split() == ["knee", "1", "6.00", "9.00", "4.00", "2.00"]
    assert lines[4].split() == ["hip", "2", "-", "-", "1.50", "1.51"]


def test_every_model_with_a_network_is_measured(monkeypatch):
    monkeypatch.setattr("edge.app.speed_table.measure", lambda folder, manifest, variants, threads: tuple(variants))
    told = []
    speeds = list(model_speeds((1, 2), told.append))
    networks = [name for name in list_models() if load_manifest(model_folder(name)).variants]
    assert [(one.model, one.threads) for one in speeds] == [(name, count) for name in networks for count in (1, 2)]
    assert told[:2] == [f"measuring {networks[0]}, 1 thread", f"measuring {networks[0]}, 2 threads"]
    assert all(("onnx", "int8") in one.timings for one in speeds)
