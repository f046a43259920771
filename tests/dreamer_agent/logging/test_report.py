"""The page of a run: what is in it, and what it says when it cannot be made."""

from __future__ import annotations

import base64
import json
import re
import sys
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from dreamer_agent.cli import main
from dreamer_agent.errors import ConfigError, RunDirectoryError
from dreamer_agent.logging.curves import Curve, draw_curves, read_curves
from dreamer_agent.logging.report import wall_seconds, write_report
from dreamer_agent.training.trainer import train
from PIL import Image
from tiny import tiny_config


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    path = tmp_path_factory.mktemp("runs") / "a & b"
    return train(tiny_config(path, env_steps=160, video_every_steps=80))


def write_metrics(path, *records, end="\n"):
    path.write_text("\n".join(json.dumps(record) for record in records) + end)
    return path


def test_the_page_of_a_run_holds_its_curves_figures_dream_and_settings(run, capsys):
    assert main(["report", str(run)]) == 0
    page = (run / "report.html").read_text()
    assert capsys.readouterr().out.strip() == str(run / "report.html")
    titles = re.findall("<h[12]>(.*?)</h[12]>", page)
    assert titles[0] == "a &amp; b"
    assert {"Return", "Losses", "Latents (nats)", "Open loop: observation/mae"} <= set(titles)
    assert "<td>environment steps</td><td>160</td>" in page
    assert "<td>updates</td><td>40</td>" in page and "env: CartPole-v1" in page
    assert re.search(r"<td>eval/return</td><td>\d+\.\d\d last, .* best \(at step 100\)", page)


def test_the_page_asks_nothing_of_the_network_and_its_pictures_are_whole(run):
    page = write_report(run).read_text()
    assert not re.search(r"(src|href)=.(?!data:)|<script|@import|url\(", page)
    pictures = re.findall(r'src="data:image/([a-z+]+);base64,([^"]+)"', page)
    for kind, data in pictures:
        if kind == "svg+xml":
            ElementTree.fromstring(base64.b64decode(data))
    (dream,) = (base64.b64decode(data) for kind, data in pictures if kind == "webp")
    newest = run / "videos" / "dream_000000160.webp"
    assert dream == newest.read_bytes() and Image.open(newest).n_frames > 5


def test_curves_are_the_numbers_logged_without_files_nan_and_a_torn_line(tmp_path):
    metrics = write_metrics(
        tmp_path / "metrics.jsonl",
        {"env_steps": 10, "updates": 1, "loss/kl": 3.0},
        {"env_steps": 20, "dream": "videos/d.webp", "loss/kl": float("nan")},
        {"env_steps": 30, "loss/kl": 1.5},
        end='\n{"env_steps": 40, "loss/',
    )
    curves = read_curves(metrics)
    assert curves.keys() == {"updates", "loss/kl"}
    assert curves["loss/kl"].step.tolist() == [10, 30]
    assert curves["loss/kl"].value.tolist() == [3.0, 1.5]


def test_a_run_without_an_environment_is_drawn_over_its_updates(tmp_path):
    records = [{"env_steps": 0, "updates": n, "loss/kl": 1.0} for n in (10, 20)]
    curves = read_curves(write_metrics(tmp_path / "metrics.jsonl", *records))
    assert curves["loss/kl"].step.tolist() == [10, 20]


def test_long_curves_are_thinned_by_means():
    steps = np.arange(4000.0)
    thin = Curve(steps, steps * 2).thinned()
    assert len(thin.step) == 400
    assert thin.step[:2].tolist() == [4.5, 14.5] and thin.value[0] == 9.0


def test_wall_time_adds_up_over_resumed_processes():
    seconds = np.array([1.0, 5.0, 9.0, 2.0, 4.0, 1.0])
    assert wall_seconds(Curve(np.arange(6.0), seconds)) == 9 + 4 + 1


def test_horizons_of_one_measure_are_lines_of_one_picture():
    curve = Curve(np.array([1.0, 2.0]), np.array([3.0, 4.0]))
    names = ["screen/mae@1", "screen/mae@15", "screen/mae_copy@15", "text/accuracy@1"]
    pictures = dict(draw_curves({f"open_loop/{name}": curve for name in names}))
    assert list(pictures) == ["Open loop: screen/mae", "Open loop: text/accuracy"]


def test_the_range_of_an_evaluation_is_shaded_and_losses_far_apart_share_a_log_scale():
    def drawn(**values):
        steps = np.array([1.0, 2.0])
        ((_, svg),) = draw_curves({name: Curve(steps, steps * v) for name, v in values.items()})
        return svg

    ends = {"eval/return_min": 1.0, "eval/return_max": 9.0}
    assert b"PolyCollection" in drawn(**{"eval/return": 5.0}, **ends)
    assert b"PolyCollection" not in drawn(**{"eval/return": 5.0})
    assert b"10^{3}" in drawn(**{"loss/screen": 1000.0, "loss/kl": 1.0})
    assert b"10^{" not in drawn(**{"loss/screen": 10.0, "loss/kl": 1.0})


def test_a_run_that_logged_nothing_and_what_is_no_run_are_named(tmp_path):
    with pytest.raises(RunDirectoryError, match="is not a run"):
        write_report(tmp_path)
    (tmp_path / "config.yaml").write_text("env: CartPole-v1")
    with pytest.raises(RunDirectoryError, match=r"metrics\.jsonl holds nothing yet"):
        write_report(tmp_path)
    (tmp_path / "metrics.jsonl").write_text("[1]\n")
    with pytest.raises(RunDirectoryError, match="line 1 is not a record"):
        write_report(tmp_path)


def test_without_matplotlib_the_extra_is_named(run, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ConfigError, match=r'pip install "dreamer-agent\[report\]"'):
        write_report(run)


def test_a_page_that_cannot_be_written_is_one_clear_error(run, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(RunDirectoryError, match="Cannot write"):
        write_report(run, tmp_path / "file" / "report.html")


@pytest.mark.parametrize(
    "line",
    [b"[]", b"{", b'{"env_steps": []}', b'{"env_steps": 1, "a": [2]}', b'{"env_steps": "x"}',
     b'{"env_steps": 1, "a": null}', b"\xff\xfe", b"[" * 100_000,
     b'{"env_steps": 1, "a": 1' + b"0" * 400 + b"}"],
    ids=lambda line: repr(line)[:30],
)  # fmt: skip
def test_a_line_that_is_no_record_is_named(tmp_path, line):
    path = tmp_path / "metrics.jsonl"
    path.write_bytes(b'{"env_steps": 1, "a": 2}\n' + line + b"\n")
    with pytest.raises(RunDirectoryError, match=r"metrics\.jsonl"):
        read_curves(path)
