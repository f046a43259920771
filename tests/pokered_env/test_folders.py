from __future__ import annotations

import sys
from pathlib import Path

import pytest
from pokered_env.folders import cache_folder, data_folder


@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
def test_what_can_be_made_again_and_what_cannot_lie_apart(
    monkeypatch: pytest.MonkeyPatch, platform: str
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    for name in ("POKERED_CACHE", "POKERED_DATA", "XDG_CACHE_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    assert cache_folder() not in (data_folder(), *data_folder().parents)
    assert "pokered-env" in cache_folder().parts
    assert "pokered-env" in data_folder().parts


def test_folders_can_be_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    for name, folder in (("CACHE", cache_folder), ("DATA", data_folder)):
        monkeypatch.delenv(f"POKERED_{name}", raising=False)
        monkeypatch.setenv(f"XDG_{name}_HOME", "/chosen")
        assert folder() == Path("/chosen/pokered-env")
        monkeypatch.setenv(f"POKERED_{name}", "/ours")
        assert folder() == Path("/ours")
