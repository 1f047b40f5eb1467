"""The short form of benchmarks/faults/fault_campaign.py: many faults at once, and every minute is true or declared."""


def test_every_minute_of_a_campaign_is_true_or_declared(tmp_path, ran, benchmark):
    fault_campaign = benchmark("faults/fault_campaign")
    # not faster: a third of a second that a busy machine loses is then ten of the market's
    found = ran(fault_campaign.campaign(tmp_path, faults=80, seconds=3, seed=7, speed=30, pairs=6, stalls=False))
    assert found.wrong == found.errors == found.lost == []
    assert found.struck.total() >= 40
