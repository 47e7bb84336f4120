"""Every client gets every event once, in order, without holes, whatever happens to Redis."""

import pytest

from gateway.parts import Engine, seqs, until


def test_a_client_gets_every_event_from_now_on_and_nothing_else(gateway, engine):
    with gateway.connect() as first:
        before = engine.publish(5)
        assert first.events(5) == before
        with gateway.connect() as second:
            new = engine.publish(3)
            assert second.events(3) == new
            assert first.events(3) == new


@pytest.mark.parametrize("size", [0, 125, 126, 127, 65535, 65536, 65537, 300_000, 3_000_000])
def test_a_message_is_the_stored_frame_byte_for_byte(gateway, engine, size):
    with gateway.connect() as client:
        new = engine.publish(2, size)
        assert size < 200 or len(new[0]) == size
        assert client.events(2) == new


def test_many_clients_get_bursts_in_order(gateway, engine):
    clients = [gateway.connect() for _ in range(100)]
    new = [f for _ in range(20) for f in engine.publish(100, 400)]
    for client in clients:
        assert client.events(2000) == new
        client.socket.close()


def test_what_was_announced_before_is_dropped(gateway, engine):
    with gateway.connect() as client:
        new = engine.publish(10)
        engine.announce(1, 10)
        engine.announce(4, 2)
        engine.add(2)
        engine.append(11, 2)
        engine.announce(9, 4)
        assert client.events(12) == engine.frames
        assert client.works(engine)
        assert new == engine.frames[:10]


def test_a_hole_is_read_from_the_stream(gateway, engine, api):
    with gateway.connect() as client:
        assert client.works(engine)
        asked = len(api.requests)
        engine.add(450)
        engine.append(2, 450)
        engine.publish()
        assert client.events(451) == engine.frames[1:]
        assert client.works(engine)
        assert len(api.requests) == asked


@pytest.mark.parametrize("answer", ["events", "chunked"])
def test_what_the_stream_no_longer_has_is_read_from_the_api(gateway, engine, api, redis, answer):
    api.answer = getattr(api, answer)
    with gateway.connect() as client:
        assert client.works(engine)
        engine.add(2500)
        redis("DEL", "itn:stream")
        engine.append(2401, 101)
        engine.publish()
        assert client.events(2501) == engine.frames[1:]
        assert client.works(engine)
    assert any("after=log1:1&limit=" in path for path in api.requests)


@pytest.mark.parametrize("answer", ["unavailable", "hang", "cut", "wrong_events", "no_json"])
def test_a_hole_that_cannot_be_filled_closes_plain_clients(gateway, engine, api, redis, answer):
    with gateway.connect() as client:
        assert client.works(engine)
        api.answer = getattr(api, answer)
        engine.add(50)
        redis("DEL", "itn:stream")
        engine.append(40, 12)
        client.socket.settimeout(30)
        engine.publish()
        assert client.closed() == 1012
    with gateway.connect() as client:
        new = engine.publish()
        received = client.events(1)
        while received[-1] != new[0]:
            received += client.events(1)
        assert received == engine.frames[-len(received):]


def test_a_hole_that_the_api_fills_after_a_while_is_no_reason_to_close(gateway, engine, api, redis):
    faults = [api.unavailable, api.cut]

    def sometimes(handler):
        (faults.pop() if faults else api.events)(handler)

    with gateway.connect() as client:
        assert client.works(engine)
        api.answer = sometimes
        engine.add(20)
        redis("DEL", "itn:stream")
        engine.append(15, 7)
        engine.publish()
        assert client.events(21) == engine.frames[1:]
    assert not faults


def test_the_end_of_the_log_comes_from_the_api_when_the_stream_is_empty(make_gateway, engine, api):
    engine.add(7)
    gateway = make_gateway()
    with gateway.connect() as client:
        engine.add(3)
        engine.append(10, 1)
        engine.announce(10, 1)
        assert client.events(3) == engine.frames[7:]


def test_without_an_end_the_first_message_wins(make_gateway, engine, api):
    api.answer = api.unavailable
    engine.add(7)
    gateway = make_gateway()
    with gateway.connect() as client:
        assert client.works(engine)


def test_the_end_of_the_log_is_asked_for_until_it_is_known(make_gateway, engine, api):
    api.answer = api.unavailable
    engine.add(7)
    gateway = make_gateway()
    with gateway.connect() as client:
        api.answer = api.events
        until(lambda: "following the log" in gateway.log.read_text(), "the gateway knows the end of the log")
        engine.add(3)
        engine.append(1, 10)
        engine.reset()
        assert client.events(3) == engine.frames[7:]


def test_redis_emptied_and_seeded_repeats_nothing(gateway, engine, redis):
    with gateway.connect() as client:
        before = engine.publish(20)
        assert client.events(20) == before
        redis.kill()
        engine.add(5)
        redis.start()
        engine.append(10, 16)
        engine.reset()
        assert client.events(5) == engine.frames[20:]
        until(lambda: redis("PUBSUB", "NUMSUB", "itn:feed")[1] == 1, "the gateway to be back")
        assert client.works(engine)


def test_events_published_before_the_gateway_is_back_are_filled(gateway, engine, redis):
    with gateway.connect() as client:
        before = engine.publish(3)
        assert client.events(3) == before
        redis.kill()
        redis.start()
        engine.append(1, 3)
        new = engine.publish(4)
        assert client.events(4) == new
        until(lambda: redis("PUBSUB", "NUMSUB", "itn:feed")[1] == 1, "the gateway to be back")
        assert client.works(engine)


def test_a_stopped_redis_is_noticed_and_everything_comes_afterwards(gateway, engine, redis):
    with gateway.connect() as client:
        before = engine.publish(3)
        assert client.events(3) == before
        redis.freeze()
        until(lambda: "live updates pause" in gateway.log.read_text(), "the gateway to notice")
        with gateway.connect() as second:
            redis.thaw()
            new = engine.publish(4)
            assert client.events(4) == new
            received = second.events(4)
            assert received == new
            until(lambda: redis("PUBSUB", "NUMSUB", "itn:feed")[1] == 1, "the gateway to be back")
            assert client.works(engine)


def test_connections_that_redis_kills_lose_nothing(gateway, engine, redis):
    with gateway.connect() as client:
        expected = []
        for _ in range(5):
            redis("CLIENT", "KILL", "TYPE", "pubsub")
            redis("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
            expected += engine.publish(7)
            assert client.events(7) == expected[-7:]
        assert client.works(engine)


def test_a_gateway_starts_without_redis(make_gateway, engine, redis):
    redis.kill()
    gateway = make_gateway()
    with gateway.connect() as client:
        redis.start()
        early = engine.publish(1)
        until(lambda: redis("PUBSUB", "NUMSUB", "itn:feed")[1] == 1, "the gateway to come")
        until(lambda: "following the log" in gateway.log.read_text(), "the gateway to know the end")
        new = engine.publish()
        came = client.events(1)
        if came == early:
            came = client.events(1)
        assert came == new


def test_another_log_closes_plain_clients_and_is_followed(gateway, engine, redis, api):
    with gateway.connect() as client:
        assert client.works(engine)
        redis("DEL", "itn:stream")
        other = Engine(redis, "log2")
        api.engine = other
        other.publish(3)
        assert client.closed() == 1012
    with gateway.connect() as client:
        assert client.works(other)


def test_another_log_by_a_reset_closes_plain_clients(gateway, engine, redis, api):
    with gateway.connect() as client:
        assert client.works(engine)
        redis("DEL", "itn:stream")
        other = Engine(redis, "log2")
        api.engine = other
        other.add(9)
        other.append(1, 9)
        other.reset()
        assert client.closed() == 1012
    with gateway.connect() as client:
        assert client.works(other)


def test_another_log_found_after_redis_was_away_closes_plain_clients(gateway, engine, redis, api):
    with gateway.connect() as client:
        assert client.works(engine)
        redis.kill()
        redis.start()
        other = Engine(redis, "log2")
        api.engine = other
        other.add(4)
        other.append(1, 4)
        assert client.closed() == 1012
    with gateway.connect() as client:
        assert client.works(other)


def test_a_log_that_ends_before_what_was_sent_closes_plain_clients(gateway, engine, redis):
    with gateway.connect() as client:
        engine.publish(9)
        assert len(client.events(9)) == 9
        redis("DEL", "itn:stream")
        del engine.frames[5:]
        engine.append(1, 5)
        engine.reset()
        assert client.closed() == 1012
    with gateway.connect() as client:
        assert client.works(engine)


def test_a_reset_that_says_nothing_new_changes_nothing(gateway, engine):
    with gateway.connect() as client:
        assert client.works(engine)
        engine.reset()
        engine.reset()
        assert client.works(engine)


@pytest.mark.parametrize("message", [
    "", "\n", "log1", "log1\n", "log1 2 1", "log1 2 1\n", "log1 x 1\n{}", "log1 2 x\n{}", "log1 2 2\n{}",
    "log1 2 1\n{}\n{}", "log1 2 1\n{}\n", "log1 0 1\n{}", "log1 -2 1\n{}", "log1 2 -1\n{}", "log1 2 0\n",
    "log1 2 99999999999999\n{}", "log1 99999999999999999999 1\n{}", " 2 1\n{}", "x" * 65 + " 2 1\n{}",
    "log1 reset \n", "log1 reset x\n", "log1 reset -1\n", "log1 reset 99999999999999999999\n", "log1 2 3\n{}\n\n{}",
])
def test_what_nobody_should_announce_is_ignored(gateway, engine, redis, message):
    with gateway.connect() as client:
        assert client.works(engine)
        redis("PUBLISH", "itn:feed", message)
        assert client.works(engine)


def test_events_of_two_announcements_keep_their_order(gateway, engine):
    with gateway.connect() as client:
        engine.add(6)
        engine.append(1, 6)
        engine.announce(5, 2)
        engine.announce(3, 2)
        engine.announce(1, 2)
        assert seqs(client.events(6)) == [1, 2, 3, 4, 5, 6]
        assert client.works(engine)
