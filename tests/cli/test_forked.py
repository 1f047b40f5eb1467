"""A process that was forked from one that has imported coinmon is what `python -m coinmon` would be."""

import os
import signal
import subprocess
import sys

import pytest

from tests.forked import Forked, run_forked

COINMON = [sys.executable, "-m", "coinmon"]
FOREVER = ["emulate", "--port", "0", "--write-config", "written.yaml"]


def test_arguments_folder_environment_and_exit_code_are_its_own(tmp_path):
    (tmp_path / "config.yaml").write_text("interval: 7m\n", "utf-8")
    environ = {"PATH": os.environ["PATH"], "COINMON_DB": "sqlite:///./mine.db"}
    shown = run_forked([*COINMON, "config", "show"], cwd=tmp_path, env=environ, capture_output=True, text=True)
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "interval\t7m" in shown.stdout
    assert "mine.db" in shown.stdout
    for language, said in (("en", "No such command"), ("zh_CN.UTF-8", "没有")):
        wrong = run_forked([*COINMON, "nonsense"], env=environ | {"LANG": language}, capture_output=True, text=True)
        assert (wrong.returncode, wrong.stdout) == (2, "")
        assert said in wrong.stderr


@pytest.mark.parametrize(
    ("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 0), (signal.SIGKILL, -signal.SIGKILL)]
)
def test_signals_reach_it_and_it_is_a_process_of_its_own(sent, code, tmp_path):
    with Forked([*COINMON, *FOREVER], cwd=tmp_path, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline().startswith("# coinmon emulator")
        assert process.poll() is None
        assert os.path.samefile(f"/proc/{process.pid}/cwd", tmp_path)
        process.send_signal(sent)
        assert process.wait(timeout=10) == code
    with pytest.raises(ProcessLookupError):
        os.kill(process.pid, 0)


def test_one_that_does_not_end_in_time_is_killed(tmp_path):
    with pytest.raises(subprocess.TimeoutExpired):
        run_forked([*COINMON, *FOREVER], cwd=tmp_path, timeout=0.3, capture_output=True)
