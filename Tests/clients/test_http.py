"""What a client that is not an SDK sees: raw requests, errors in OpenAI's envelope, signals."""
import http.client
import json
import signal
import socket
import threading

import pytest

from conftest import serving


def request(server, method, path, body=None, headers=None):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    connection.request(method, path, body, headers or {})
    reply = connection.getresponse()
    data = reply.read()
    connection.close()
    return reply.status, reply.headers, data


def post(server, body, headers=None):
    body = body if isinstance(body, (bytes, str)) else json.dumps(body)
    return request(server, "POST", "/v1/chat/completions", body, {"Content-Type": "application/json", **(headers or {})})


def raw(server, data, half_close=False):
    """Everything the server answers to these bytes until it closes."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
        connection.sendall(data)
        reply = b""
        while piece := connection.recv(65536):
            reply += piece
        return reply


def test_health(server):
    status, headers, data = request(server, "GET", "/health")
    assert status == 200 and json.loads(data)
    status, headers, data = request(server, "HEAD", "/health")
    assert status == 200 and data == b""


@pytest.mark.parametrize("method, path, status, code", [
    ("GET", "/nowhere", 404, None),
    ("GET", "/v1/models/unknown", 404, "model_not_found"),
    ("GET", "/v1/chat/completions", 405, None),
    ("DELETE", "/v1/models", 405, None),
])
def test_errors_have_the_envelope(server, method, path, status, code):
    got, headers, data = request(server, method, path)
    error = json.loads(data)["error"]
    assert got == status and set(error) == {"message", "type", "param", "code"}
    if code:
        assert error["code"] == code
    if status == 405:
        assert headers["Allow"]


def test_malformed_json_is_located(server):
    status, _, data = post(server, '{"model": "swiftlet",\n  "messages": [}')
    message = json.loads(data)["error"]["message"]
    assert status == 400 and "line 2" in message and "column 16" in message


def test_a_body_of_another_type_or_size_is_refused(server):
    assert request(server, "POST", "/v1/chat/completions", "a=b", {"Content-Type": "text/plain"})[0] == 415
    huge = b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99999999999\r\n\r\n"
    assert raw(server, huge).startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize("data, status", [
    (b"GET /health HTTP/1.1\r\n\r\n", 400),
    (b"GET /health HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
    (b"GET /health HTTP/1.1\r\nHost : a\r\n\r\n", 400),
    (b"GET /health HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n", 400),
    (b"POST /health HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx", 400),
    (b"POST /health HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    (b"GET /health HTTP/9.9\r\nHost: a\r\n\r\n", 505),
    (b"GET /health HTTP/1.1\r\nHost: a\r\nX: " + b"y" * 200_000 + b"\r\n\r\n", 431),
])
def test_ambiguous_requests_are_refused_and_closed(server, data, status):
    assert raw(server, data).startswith(f"HTTP/1.1 {status} ".encode())


def test_pipelined_requests_are_answered_in_order(server):
    replies = raw(server, b"GET /health HTTP/1.1\r\nHost: a\r\n\r\nGET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n"
                          b"GET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    statuses = [part[:3] for part in replies.split(b"HTTP/1.1 ")[1:]]
    assert statuses == [b"200", b"404", b"200"]


def test_a_chunked_body_and_continue(server):
    body = json.dumps({"model": "swiftlet", "messages": [{"role": "user", "content": "Hello"}], "max_tokens": 4}).encode()
    head = (b"POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nConnection: close\r\n"
            b"Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n")
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
        connection.sendall(head)
        assert connection.recv(100).startswith(b"HTTP/1.1 100 Continue\r\n\r\n")
        for start in range(0, len(body), 10):
            piece = body[start:start + 10]
            connection.sendall(b"%x\r\n%s\r\n" % (len(piece), piece))
        connection.sendall(b"0\r\n\r\n")
        reply = b""
        while piece := connection.recv(65536):
            reply += piece
    assert reply.startswith(b"HTTP/1.1 200 OK\r\n") and b'"chat.completion"' in reply


def test_http_1_0_and_cors(server):
    reply = raw(server, b"GET /health HTTP/1.0\r\n\r\n")
    assert reply.startswith(b"HTTP/1.1 200 ") and b"chunked" not in reply.lower()
    status, headers, _ = request(server, "OPTIONS", "/v1/chat/completions", headers={
        "Origin": "http://page.example", "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type"})
    assert status in (200, 204) and headers["Access-Control-Allow-Origin"] in ("*", "http://page.example")
    assert "POST" in headers["Access-Control-Allow-Methods"]


def test_unknown_fields_are_reported(server):
    status, headers, _ = post(server, {"model": "swiftlet", "messages": [{"role": "user", "content": "Hi"}],
                                       "max_tokens": 2, "tempratur": 1})
    assert status == 200 and headers["x-apus-ignored-fields"] == "tempratur"


def test_the_request_id_is_kept(server):
    body = {"model": "swiftlet", "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 2}
    status, headers, _ = post(server, body, {"x-request-id": "abc-123"})
    assert headers["x-request-id"] == "abc-123"
    assert "completion_tokens=2" in server.wait_for_log("request_id=abc-123.*finish_reason")


def test_sigterm_finishes_running_replies():
    with serving() as server:
        body = json.dumps({"model": "swiftlet", "messages": [{"role": "user", "content": "Count from 1 to 500."}],
                           "stream": True, "temperature": 2.0, "max_tokens": 600, "enable_thinking": True})
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        connection.request("POST", "/v1/chat/completions", body, {"Content-Type": "application/json"})
        reply = connection.getresponse()
        first = reply.readline()
        result = []
        reader = threading.Thread(target=lambda: result.append(reply.read()))
        server.process.send_signal(signal.SIGTERM)
        reader.start()
        assert server.stop() == 0
        reader.join(10)
        assert first.startswith(b"data: ") and result[0].endswith(b"data: [DONE]\n\n")
