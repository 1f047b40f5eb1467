"""The short form of benchmarks/faults/field_campaign.py: at random, and no minute is called what it is not."""

import asyncio


def test_no_minute_of_a_twisted_market_is_called_what_it_is_not(tmp_path, benchmark):
    field_campaign = benchmark("faults/field_campaign")
    found = asyncio.run(field_campaign.campaign(tmp_path, minutes=3, seed=5, speed=60.0))
    assert found.wrong == found.errors == []
    assert not found.no_coins
    assert len(found.followed) > 30
    assert found.struck
    assert found.heard, found.silent
    assert any(label == "trades" for _, label in found.minutes)


def test_a_silence_that_was_not_announced_is_found_and_so_is_a_pause_that_was_not_due(benchmark):
    silence = benchmark("faults/field_silence").Silence

    def after(*told):
        one = silence(since=0.0)
        for now, answered, error in told:
            one.told(now, status="ok" if answered else "down", error=error)
        return one.longest, one.beyond, len(one.unearned)

    page = "okx /api/v5/x: HTTP 403: Request blocked.; wait {} s"
    announced = (1.0, False, page.format(30)), (2.0, False, "the venue asked us to wait 29 s more"), (40.0, True, None)
    assert after(*announced) == (40.0, 9.0, 0)
    assert after((1.0, False, "no answer within 10 s"), (70.0, True, None)) == (70.0, 70.0, 0)
    doubled = (1.0, False, page.format(30)), (33.0, False, page.format(60)), (95.0, True, None)
    assert after(*doubled) == (95.0, 2.0, 0)
    assert after((1.0, False, page.format(60)), (62.0, True, None))[2] == 1, "the first is 30 s"
    assert after((1.0, False, page.format(30)), (5.0, False, page.format(60)))[2] == 1, "the first was not over"
    other = page.replace("/x", "/y")
    assert after((1.0, False, page.format(30)), (15.0, False, other.format(30)), (50.0, True, None)) == (50.0, 5.0, 0)
    assert after((1.0, False, page.format(30)), (15.0, False, other.format(60)))[2] == 1, "no page came after a pause"
    assert after(*doubled, (99.0, False, page.format(60)))[2] == 1, "an answer makes it short again"
    ban = (1.0, False, page.format(2)), (4.0, False, page.format(60))
    assert after(*ban)[2] == 1, "a short ban doubles nothing"
    limited = (1.0, False, "binance: /api/v3/time: HTTP 429: too much: the venue asked us to wait 60 s more")
    assert after(limited, (62.0, True, None)) == (62.0, 1.0, 0)
