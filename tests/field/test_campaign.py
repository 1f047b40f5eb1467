"""The short form of benchmarks/faults/field_campaign.py: at random, and no minute is called what it is not."""

import asyncio


def test_no_minute_of_a_twisted_market_is_called_what_it_is_not(tmp_path, benchmark):
    field_campaign = benchmark("faults/field_campaign")
    found = asyncio.run(field_campaign.campaign(tmp_path, minutes=3, seed=5, speed=60.0))
    assert found.wrong == found.errors == []
    assert not found.no_coins
    assert len(found.followed) > 30
    assert found.struck
    assert max(found.silent.values()) <= field_campaign.MOST_SILENT_S
    assert any(label == "trades" for _, label in found.minutes)
