"""Recordings played back: frames and answers byte for byte, at their moments, and nothing beside them."""

import asyncio
import gzip
import json

import aiohttp
import pytest

from coinmon_emulator.market.clock import EmulatedClock
from coinmon_emulator.playback.playback import Playback
from coinmon_emulator.server.server import running

BEGAN = 1_795_892_592_000
BTC = {"venue": "okx", "native_id": "BTC-USDT", "kind": "spot", "symbol": "BTC/USDT", "base": "BTC", "quote": "USDT"}
ASK = {"op": "subscribe", "args": [{"channel": "trades", "instId": "BTC-USDT"}]}
ASK_BOOK = {"op": "subscribe", "args": [{"channel": "books", "instId": "BTC-USDT"}]}
ACK = '{"event":"subscribe", "arg":{"channel":"trades","instId":"BTC-USDT"},"connId":"a1"}'


def trade(number):
    # a space that no encoder of ours would write: what comes out has to be what went in
    return f'{{"arg":{{"channel":"trades","instId":"BTC-USDT"}}, "data":[{{"tradeId":"{number}"}}]}}'


def book(action, number):
    arg = '{"channel":"books","instId":"BTC-USDT"}'
    return f'{{"arg":{arg},"action":"{action}","data":[{{"seqId":{number}}}]}}'


def stream(at, number, path="public", **more):
    said = {"source": number, "at": BEGAN + at, "type": "stream", "url": f"wss://ws.okx.com:8443/ws/v5/{path}"}
    return json.dumps(said | more)


def request(number, path, at=0):
    url = f"https://www.okx.com/api/v5/{path}"
    return json.dumps({"source": number, "at": BEGAN + at, "type": "request", "method": "GET", "url": url})


def frame(at, number, text, mark=""):
    return f"[{BEGAN + at},{number},{text}{mark}]"


def answer(at, number, body, query="", status=200, **more):
    about = {"query": query, "status": status, **more, "took": 5}
    return f"[{BEGAN + at},{number},{body},{json.dumps(about, separators=(',', ':'))}]"


@pytest.fixture
def recording(tmp_path):
    """Writes a recording of OKX by its description alone: lines by the names of files."""

    def write(ended=60_000, **files):
        folder = tmp_path / "tape"
        (folder / "okx").mkdir(parents=True)
        for name, lines in files.items():
            path = folder / "okx" / f"{name.replace('_', '-')}.jsonl.gz"
            path.write_bytes(gzip.compress("".join(line + "\n" for line in lines).encode()))
        said = {
            "format": "coinmon-recording", "version": 1, "began": BEGAN, "ended": BEGAN + ended,
            "exchanges": {"okx": {"plugin": "exchanges.okx"}},
            "instruments": [BTC],
        }  # fmt: skip
        (folder / "recording.json").write_text(json.dumps(said))
        return folder

    return write


def play(folder, script, at=0, speed=1.0):
    async def run():
        playback = Playback(folder)
        clock = EmulatedClock(BEGAN + at, speed)
        async with (
            running(playback.world(), clock=clock, stage=playback) as emulator,
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(10)) as session,
        ):
            return await script(session, emulator.url + "/okx", clock)

    return asyncio.run(run())


async def heard(socket, count):
    return [(await socket.receive(5)).data for _ in range(count)]


def test_frames_come_byte_for_byte_at_their_moments_and_only_of_what_is_asked(recording):
    lines = [
        stream(0, 1), frame(1, 1, json.dumps(ASK), ',"sent"'), frame(2, 1, ACK), frame(100, 1, trade(1)),
        frame(150, 1, book("snapshot", 1)), frame(160, 1, '"pong"'), frame(1500, 1, trade(2)),
    ]  # fmt: skip

    async def script(session, url, clock):
        async with session.ws_connect(url + "/ws/v5/public") as socket:
            await socket.send_json(ASK)
            first = await heard(socket, 2)
            last = await heard(socket, 1)
            return first + last, clock.now()

    frames, at = play(recording(trades_20261128T000000Z=lines), script)
    assert frames == [ACK, trade(1), trade(2)]
    assert BEGAN + 1500 <= at < BEGAN + 3500


def test_who_asks_late_gets_the_last_snapshot_and_what_follows_it(recording):
    both = ASK | {"args": ASK["args"] + ASK_BOOK["args"]}
    lines = [
        stream(0, 1), frame(1, 1, json.dumps(both), ',"sent"'),
        *[frame(100 + n, 1, book("snapshot" if n in (0, 3) else "update", n)) for n in range(6)],
    ]  # fmt: skip

    async def script(session, url, clock):
        async with session.ws_connect(url + "/ws/v5/public") as socket:
            await socket.send_json(ASK_BOOK)
            return await heard(socket, 4)

    # it asks with other words than the recorded client did: it is answered, and not with that one's answer
    accepted, *frames = play(recording(books_20261128T000000Z=lines), script, at=5000)
    assert json.loads(accepted)["arg"] == ASK_BOOK["args"][0]
    assert frames == [book("snapshot", 3), book("update", 4), book("update", 5)]


def test_a_connection_goes_on_in_the_next_file_and_ends_where_the_recorded_one_did(recording):
    first = [stream(0, 7), frame(1, 7, json.dumps(ASK), ',"sent"'), frame(50, 7, trade(1))]
    second = [stream(300, 1, continued=True), frame(310, 1, trade(2)), frame(400, 1, '"gone"', ',"closed"')]

    async def script(session, url, clock):
        async with session.ws_connect(url + "/ws/v5/public") as socket:
            await socket.send_json(ASK)
            frames = await heard(socket, 2)
            ending = await socket.receive(5)
            return frames, ending.type

    folder = recording(trades_20261128T000000Z=first, trades_20261128T010000Z=second)
    frames, ending = play(folder, script)
    assert frames == [trade(1), trade(2)]
    assert ending in (aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.ERROR)


def test_a_recorder_that_began_anew_ended_its_connections(recording):
    first = [stream(0, 1), frame(1, 1, json.dumps(ASK), ',"sent"'), frame(50, 1, trade(1))]
    second = [stream(300, 1), frame(310, 1, json.dumps(ASK), ',"sent"'), frame(320, 1, trade(9))]

    async def script(session, url, clock):
        frames = []
        for count in (1, 1):
            async with session.ws_connect(url + "/ws/v5/public") as socket:
                await socket.send_json(ASK)
                frames += await heard(socket, count)
                if count == 1 and len(frames) == 1:
                    await socket.receive(5)
        return frames

    folder = recording(trades_20261128T000000Z=first, trades_20261128T000100Z=second)
    assert play(folder, script) == [trade(1), trade(9)]


def test_answers_come_as_they_were_with_their_refusals_and_moments(recording):
    lines = [
        request(1, "market/trades"), answer(10, 1, '{"code":"0", "data":[1]}', "instId=BTC-USDT&limit=5"),
        answer(20, 1, '"<html>no</html>"', "instId=BTC-USDT&limit=6", 403, headers={"Content-Type": "text/html"}),
        f'[{BEGAN + 30},1,null,{{"query":"limit=7","error":"no answer within 10 s","took":10000}}]',
        answer(1200, 1, '{"code":"0", "data":[2]}', "instId=BTC-USDT&limit=5"),
    ]  # fmt: skip

    async def script(session, url, clock):
        told = []
        for query in ("limit=5&instId=BTC-USDT", "instId=BTC-USDT&limit=6", "limit=5&instId=BTC-USDT", "limit=8"):
            async with session.get(f"{url}/api/v5/market/trades?{query}") as reply:
                told.append((reply.status, await reply.text(), reply.content_type))
        at = clock.now()
        with pytest.raises(aiohttp.ClientError):
            await session.get(f"{url}/api/v5/market/trades?limit=7")
        return told, at

    told, at = play(recording(rest_20261128T000000Z=lines), script)
    assert told[0] == (200, '{"code":"0", "data":[1]}', "application/json")
    assert told[1] == (403, "<html>no</html>", "text/html")
    assert told[2][1] == '{"code":"0", "data":[2]}'
    assert at >= BEGAN + 1200, "the second answer is not known before it came"
    assert told[3] == (503, "the recording holds no answer to this", "text/plain")


def test_minutes_are_put_together_anew_and_never_without_one_that_is_over(recording):
    minute = BEGAN // 60_000 * 60_000
    rows = [[str(minute - n * 60_000), str(n)] for n in range(1, 5)]

    def body(some):
        return json.dumps({"code": "0", "msg": "", "data": some})

    lines = [
        request(1, "market/candles"), answer(10, 1, body(rows[:2]), f"instId=BTC-USDT&bar=1m&after={minute}&limit=2"),
        answer(10, 1, body(rows[3:]), f"instId=BTC-USDT&bar=1m&after={minute - 180_000}&limit=1"),
    ]  # fmt: skip

    async def script(session, url, clock):
        told = []
        for after, limit in ((minute - 60_000, 1), (minute, 4)):
            query = f"instId=BTC-USDT&bar=1m&after={after}&limit={limit}"
            async with session.get(f"{url}/api/v5/market/candles?{query}") as reply:
                told.append((reply.status, await reply.text()))
        return told

    (_, one), (status, _) = play(recording(rest_20261128T000000Z=lines), script, at=100)
    assert json.loads(one)["data"] == rows[1:2]
    assert status == 503, "the third minute was never told"


def test_the_venues_clock_goes_on_as_far_ahead_as_it_was(recording):
    told = {"code": "0", "msg": "", "data": [{"ts": str(BEGAN + 3008)}]}
    lines = [request(1, "public/time"), answer(10, 1, json.dumps(told))]

    async def script(session, url, clock):
        async with session.get(f"{url}/api/v5/public/time") as reply:
            return int((await reply.json())["data"][0]["ts"]) - clock.now()

    ahead = play(recording(rest_20261128T000000Z=lines), script, at=30_000)
    assert abs(ahead - 3000) < 200


def test_a_killed_recorders_file_and_broken_lines_are_read_as_far_as_they_go(recording):
    lines = [
        stream(0, 1),
        frame(1, 1, json.dumps(ASK), ',"sent"'),
        "not a line",
        *[frame(9, 1, trade(n)) for n in range(50)],
    ]
    folder = recording(trades_20261128T000000Z=lines)
    [path] = (folder / "okx").glob("trades-*")
    path.write_bytes(path.read_bytes()[:-12])

    async def script(session, url, clock):
        async with session.ws_connect(url + "/ws/v5/public") as socket:
            await socket.send_json(ASK)
            return await heard(socket, 10)

    assert play(folder, script) == [trade(n) for n in range(10)]


@pytest.mark.parametrize("manifest", ["", "{}", '{"format": "coinmon-recording", "version": 9}'])
def test_what_is_no_recording_is_refused_in_one_line(tmp_path, manifest):
    (tmp_path / "recording.json").write_text(manifest)
    with pytest.raises(ValueError, match=r"recording\.json") as caught:
        Playback(tmp_path)
    assert "\n" not in str(caught.value)
