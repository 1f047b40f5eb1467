"""An indicator that is switched off costs its column and says so; pairs, flows and other signals stay."""

import json

import pytest
import yaml


@pytest.mark.parametrize("off", [["consensus"], ["consensus", "net_flow"]], ids="+".join)
def test_flows_stay_without_the_consensus(off, tmp_path, monkeypatch, capsys):
    from coinmon.cli import run

    monkeypatch.chdir(tmp_path)
    settings = {"plugins": {"disabled": []}, "indicators": dict.fromkeys(off, False)}
    (tmp_path / "off.yaml").write_text(yaml.safe_dump(settings))
    assert run(["scan", "BTC", "ETH", "--demo", "--once", "--json", "--config", "off.yaml"]) == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    flows = {each["pair"]: each for each in events if each["event"] == "flow"}
    assert set(flows) == {"BTC/USDT", "ETH/USDT"}
    for flow in flows.values():
        assert flow["consensus"] is None
        assert "consensus is not there or is switched off" in flow["consensus_reason"]
        assert flow["price"] > 0
        listed = [each for each in flow["venues"].values() if each["listed"]]
        assert len(listed) == 4
        assert all(each["net_flow"] is not None and each["coverage"] > 0 for each in listed)
