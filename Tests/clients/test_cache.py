"""What a client sees of prompt caching: exact counts, reports, and caches that outlive the server."""
import os
import signal
import time

import pytest

from conftest import serving

SYSTEM = "You are a patient assistant. " * 40
ASKED = dict(model="swiftlet", seed=7, max_tokens=24, logprobs=True, top_logprobs=3)


def ask(client, messages, **options):
    reply = client.chat.completions.create(messages=messages, **{**ASKED, **options})
    return reply, reply.usage.prompt_tokens_details.cached_tokens


def scores(reply):
    return [(token.token, token.logprob, [(top.token, top.logprob) for top in token.top_logprobs])
            for token in reply.choices[0].logprobs.content]


def test_no_turn_of_a_conversation_reads_what_was_read(server):
    """Of twenty turns each computes its new tokens and no more than a page of 64 beside them."""
    client = server.client()
    messages, before = [{"role": "system", "content": SYSTEM + "Turns."}], 0
    for turn in range(20):
        messages.append({"role": "user", "content": f"Turn {turn}: what is {turn} + {turn}?"})
        reply, cached = ask(client, messages, max_tokens=16)
        prompt = reply.usage.prompt_tokens
        if turn == 0:
            assert cached == 0
        else:
            # The reply's tokens count as new: the template drops the empty thought before them.
            assert prompt - cached <= (prompt - before) + 64
            assert cached <= before
        before = prompt
        messages.append({"role": "assistant", "content": reply.choices[0].message.content})


def test_the_report_says_what_diverges(server):
    client = server.client()
    question = [{"role": "system", "content": SYSTEM + "Report."}, {"role": "user", "content": "What is Apus?"}]
    first, _ = ask(client, question, extra_body={"cache_report": True})
    assert first.model_extra["apus"]["cache"]["reason"] in ("not_cached", "differs")
    again, cached = ask(client, question, extra_body={"cache_report": True})
    report = again.model_extra["apus"]["cache"]
    assert report["reason"] == "complete" and report["reused_tokens"] == cached > 200
    question[1]["content"] = "Whose is it?"
    other, cached = ask(client, question, extra_body={"cache_report": True})
    report = other.model_extra["apus"]["cache"]
    assert report["reason"] == "differs" and report["reused_tokens"] == cached <= report["known_tokens"]
    assert report["diverging_token"]["index"] == report["known_tokens"]
    salted, cached = ask(client, question, extra_body={"cache_report": True, "cache_salt": "mine"})
    assert cached == 0 and salted.model_extra["apus"]["cache"]["reason"] == "other_salt"
    assert scores(salted) == scores(other)


def test_a_stream_ends_with_the_report(server):
    chunks = list(server.client().chat.completions.create(
        messages=[{"role": "user", "content": "Hello!"}], stream=True, extra_body={"cache_report": True}, **ASKED))
    assert "reused_tokens" in chunks[-1].model_extra["apus"]["cache"] and not chunks[-1].choices
    assert all("apus" not in (chunk.model_extra or {}) for chunk in chunks[:-1])


@pytest.mark.parametrize("temperature", [0, 1])
def test_caches_outlive_a_killed_server(tmp_path, temperature):
    folder = tmp_path / "cache"
    messages = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": "What is 12 + 30?"}]
    with serving("--cache-folder", folder) as server:
        client = server.client()
        cold, cached = ask(client, messages, temperature=temperature)
        assert cached == 0
        warm, in_memory = ask(client, messages, temperature=temperature)
        assert in_memory > 200 and scores(warm) == scores(cold)
        wait_for_files(folder)
        server.process.send_signal(signal.SIGKILL)
        server.process.wait(10)
    with serving("--cache-folder", folder) as server:
        restored, cached = ask(server.client(), messages, temperature=temperature)
        assert cached >= in_memory - 64
        assert scores(restored) == scores(cold)
        assert restored.choices[0].message == cold.choices[0].message
        assert server.stop() == 0
    # What is damaged is not used, and other settings' files are not looked at.
    for path in files(folder):
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(data)
    with serving("--cache-folder", folder) as server:
        damaged, cached = ask(server.client(), messages, temperature=temperature)
        assert cached == 0 and scores(damaged) == scores(cold)
        assert "is not used" in server.wait_for_log("cache file")
        assert server.stop() == 0


def test_other_settings_have_other_files(tmp_path):
    folder = tmp_path / "cache"
    messages = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": "Hello!"}]
    for flags in [[], ["--kv-type", "f16"], ["--isa", "portable"]]:
        with serving("--cache-folder", folder, *flags) as server:
            assert ask(server.client(), messages)[1] == 0
            assert server.stop() == 0
    with serving("--cache-folder", folder) as server:
        assert ask(server.client(), messages)[1] > 200
        assert server.stop() == 0
    assert len(os.listdir(folder)) == 3


def files(folder):
    return [path for path in folder.rglob("*") if path.suffix in (".page", ".state")]


def wait_for_files(folder):
    """Until pages and a state are there, and nothing is being written any more."""
    count, deadline = -1, time.monotonic() + 30
    while time.monotonic() < deadline:
        found = files(folder)
        if len(found) == count and any(path.suffix == ".state" for path in found):
            return
        count = len(found)
        time.sleep(0.5)
    raise AssertionError(f"{count} files after 30 seconds")
