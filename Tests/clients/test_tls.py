"""TLS as clients see it: openssl s_client, Python's ssl and OpenAI's client."""
import contextlib
import http.client
import json
import re
import signal
import socket
import ssl
import subprocess
import threading

import httpx
import openai
import pytest

from conftest import run, serving


def openssl(*arguments, stdin="", check=True):
    done = subprocess.run(["openssl", *map(str, arguments)], input=stdin, capture_output=True, text=True, timeout=60)
    assert not check or done.returncode == 0, done.stderr
    return done


class Authority:
    """Issues certificates, each in a file of its own beside its key."""

    def __init__(self, folder, name="authority"):
        self.folder, self.name = folder, name
        self.file = folder / f"{name}.pem"
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", 2, "-subj",
                f"/CN={name}", "-keyout", folder / f"{name}.key", "-out", self.file)

    def issue(self, name, usage="serverAuth"):
        request, certificate, key = (self.folder / f"{name}.{suffix}" for suffix in ["csr", "pem", "key"])
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}",
                "-keyout", key, "-out", request)
        extensions = self.folder / f"{name}.ext"
        extensions.write_text(f"subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage={usage}\n")
        openssl("x509", "-req", "-in", request, "-CA", self.file, "-CAkey", self.folder / f"{self.name}.key",
                "-CAcreateserial", "-days", 2, "-extfile", extensions, "-out", certificate)
        return certificate, key


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def pair(authority):
    return authority.issue("server")


@pytest.fixture(scope="module")
def secure(pair):
    with serving("--tls-certificate", pair[0], "--tls-key", pair[1], "--log-level", "debug") as server:
        yield server
        assert server.stop() == 0


def s_client(server, *flags, stdin="GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"):
    return openssl("s_client", "-connect", f"127.0.0.1:{server.port}", "-ign_eof", *flags, stdin=stdin, check=False)


def connect(server, authority=None, identity=None):
    context = ssl.create_default_context(cafile=authority and authority.file)
    if authority is None:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if identity:
        context.load_cert_chain(*identity)
    plain = socket.create_connection(("127.0.0.1", server.port), timeout=60)
    return context.wrap_socket(plain, server_hostname="localhost")


def sdk(server, authority, **options):
    context = ssl.create_default_context(cafile=authority.file)
    return openai.OpenAI(base_url=server.url + "/v1", api_key="none", max_retries=0,
                         http_client=httpx.Client(verify=context, timeout=120), **options)


def test_the_ready_line_says_https(secure):
    assert secure.url.startswith("https://127.0.0.1:")
    assert any("certificate read certificate=" in line and "expiry=20" in line for line in secure.log)


@pytest.mark.parametrize("flags, version", [(["-tls1_2"], "TLSv1.2"), (["-tls1_3"], "TLSv1.3"), ([], "TLSv1.3")])
def test_good_protocols_are_taken(secure, authority, flags, version):
    done = s_client(secure, *flags, "-CAfile", authority.file, "-verify_return_error", "-verify_hostname", "localhost",
                    "-alpn", "h2,http/1.1")
    assert done.returncode == 0, done.stderr
    assert f"New, {version}, Cipher is" in done.stdout and "ALPN protocol: http/1.1" in done.stdout
    assert "Verify return code: 0 (ok)" in done.stdout and "Compression: NONE" in done.stdout
    assert "HTTP/1.1 200 OK" in done.stdout and '{"status":"ready"}' in done.stdout


@pytest.mark.parametrize("flag", ["-tls1", "-tls1_1"])
def test_old_protocols_are_refused(secure, flag):
    done = s_client(secure, flag, "-cipher", "ALL:@SECLEVEL=0")
    assert done.returncode != 0 and "protocol version" in done.stderr and "HTTP/1.1" not in done.stdout
    secure.wait_for_log("no TLS with address=127.0.0.1: unsupported protocol")


@pytest.mark.parametrize("cipher", [
    "aNULL", "eNULL", "AES128-GCM-SHA256", "AES256-SHA", "ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES128-SHA256",
    "ECDHE-ECDSA-AES256-CCM8", "DHE-RSA-AES256-GCM-SHA384", "CAMELLIA256-SHA",
])
def test_weak_ciphers_are_refused(secure, cipher):
    done = s_client(secure, "-tls1_2", "-cipher", cipher + ":@SECLEVEL=0")
    assert done.returncode != 0 and "handshake failure" in done.stderr and "HTTP/1.1" not in done.stdout


@pytest.mark.parametrize("cipher", ["ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384",
                                    "ECDHE-ECDSA-CHACHA20-POLY1305"])
def test_good_ciphers_are_taken(secure, cipher):
    done = s_client(secure, "-tls1_2", "-cipher", cipher)
    assert f"Cipher is {cipher}" in done.stdout and "HTTP/1.1 200 OK" in done.stdout


def test_an_unknown_application_protocol_is_refused(secure):
    done = s_client(secure, "-alpn", "h2")
    assert "no application protocol" in done.stderr and "HTTP/1.1" not in done.stdout


def test_renegotiation_is_refused(secure):
    done = openssl("s_client", "-connect", f"127.0.0.1:{secure.port}", "-tls1_2", stdin="R\n", check=False)
    assert "RENEGOTIATING" in done.stdout + done.stderr and "no renegotiation" in done.stderr, done.stderr


def test_early_data_is_not_offered(secure):
    done = s_client(secure, "-tls1_3")
    assert "Max Early Data: 0" in done.stdout and "Early data was not sent" in done.stdout


def test_plain_http_is_told_so(secure):
    connection = http.client.HTTPConnection("127.0.0.1", secure.port, timeout=60)
    connection.request("GET", "/health")
    reply = connection.getresponse()
    assert reply.status == 400 and "HTTPS" in json.loads(reply.read())["error"]["message"]


def test_openais_client_works_over_https(secure, authority):
    client = sdk(secure, authority)
    question = [{"role": "user", "content": "What is Apus?"}]
    whole = client.chat.completions.create(model="swiftlet", messages=question, seed=1)
    stream = client.chat.completions.create(model="swiftlet", messages=question, seed=1, stream=True)
    text = "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices)
    assert text == whole.choices[0].message.content and text


def test_a_client_checks_the_certificate(secure, tmp_path):
    with pytest.raises(openai.APIConnectionError):
        sdk(secure, Authority(tmp_path, "stranger")).models.list()


@pytest.mark.parametrize("how", ["reset", "close", "cut"])
def test_a_client_that_goes_abruptly_harms_nobody(secure, how):
    body = json.dumps({"model": "swiftlet", "messages": [{"role": "user", "content": "Count from 1 to 500."}],
                       "stream": True, "max_tokens": 500, "enable_thinking": True, "temperature": 2.0})
    for _ in range(10):
        connection = connect(secure)
        connection.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                           b"Content-Length: %d\r\n\r\n%s" % (len(body), body.encode()))
        assert connection.recv(8)
        if how == "reset":
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        elif how == "cut":
            # Half of a record, and then the end.
            with contextlib.suppress(OSError), socket.socket(fileno=connection.detach()) as plain:
                plain.sendall(b"\x17\x03\x03\x00\x40half")
                plain.shutdown(socket.SHUT_WR)
                while plain.recv(65536):
                    pass
            continue
        connection.close()
    assert s_client(secure).stdout.count("HTTP/1.1 200 OK") == 1


@pytest.mark.parametrize("bytes_sent", [b"", b"\x16", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"])
def test_a_slow_handshake_is_cut_off(pair, bytes_sent):
    with serving("--tls-certificate", pair[0], "--tls-key", pair[1], "--header-timeout", "0.3") as server:
        with socket.create_connection(("127.0.0.1", server.port), timeout=30) as slow:
            slow.sendall(bytes_sent)
            assert slow.recv(100) == b""


def test_garbage_is_answered_with_an_alert(secure):
    for garbage in [b"\x16\x03\x01\xff\xff" + b"x" * 100, b"\x15\x03\x01\x00\x02\x02\x28", b"\x80\x2e\x01\x00\x02" + b"y" * 60,
                    b"\0" * 1000, b"SSH-2.0-x\r\n"]:
        with socket.create_connection(("127.0.0.1", secure.port), timeout=30) as client:
            client.sendall(garbage)
            client.shutdown(socket.SHUT_WR)
            reply = b""
            with contextlib.suppress(ConnectionResetError):
                while piece := client.recv(100):
                    reply += piece
            assert reply == b"" or reply[0] == 0x15, reply
    assert "HTTP/1.1 200 OK" in s_client(secure).stdout


def test_clients_need_certificates_where_an_authority_is_named(authority, pair, tmp_path):
    client, stranger = authority.issue("client", "clientAuth"), Authority(tmp_path, "stranger").issue("s", "clientAuth")
    server_only = authority.issue("notclient", "serverAuth")
    with serving("--tls-certificate", pair[0], "--tls-key", pair[1], "--tls-client-ca", authority.file,
                 "--log-level", "debug") as server:
        for version in ["-tls1_2", "-tls1_3"]:
            taken = s_client(server, version, "-cert", client[0], "-key", client[1])
            assert "HTTP/1.1 200 OK" in taken.stdout and "CN = authority" in taken.stdout
            for flags, said in [([], "certificate required|handshake failure"),
                                (["-cert", stranger[0], "-key", stranger[1]], "unknown ca"),
                                (["-cert", server_only[0], "-key", server_only[1]], "unsupported certificate|certificate unknown")]:
                refused = s_client(server, version, *flags)
                assert "HTTP/1.1" not in refused.stdout and re.search(said, refused.stderr), refused.stderr
        server.wait_for_log("peer did not return a certificate")
        assert server.stop() == 0


def subject(server):
    with connect(server) as connection:
        der = connection.getpeercert(binary_form=True)
    done = subprocess.run(["openssl", "x509", "-inform", "DER", "-noout", "-subject"], input=der, capture_output=True)
    return done.stdout.decode().strip().rsplit("= ", 1)[1]


def test_certificates_are_reloaded_under_load_without_a_dropped_stream(authority, tmp_path):
    certificate, key = tmp_path / "current.pem", tmp_path / "current.key"

    def install(name):
        made = authority.issue(name)
        certificate.write_bytes(made[0].read_bytes())
        key.write_bytes(made[1].read_bytes())

    install("first")
    with serving("--tls-certificate", certificate, "--tls-key", key, "--max-running", "8") as server:
        assert subject(server) == "first"
        certificates, streamed, is_over = ["first"], [], threading.Event()

        def stream(number):
            client = sdk(server, authority)
            while not is_over.is_set():
                begun, last = len(certificates), None
                for chunk in client.chat.completions.create(
                        model="swiftlet", messages=[{"role": "user", "content": "Count from 1 to 900."}], stream=True,
                        seed=number, temperature=2.0, max_tokens=900, extra_body={"enable_thinking": True}):
                    last = chunk.choices[0].finish_reason or last if chunk.choices else last
                streamed.append((last, range(begun, len(certificates))))

        streams = [threading.Thread(target=stream, args=[number]) for number in range(8)]
        for thread in streams:
            thread.start()
        for name in ["second", "third"]:
            # Some streams begin with the certificate that is replaced.
            count = len(streamed)
            while len(streamed) < count + 8:
                is_over.wait(0.01)
            install(name)
            server.log.clear()
            server.process.send_signal(signal.SIGHUP)
            server.wait_for_log("reloaded certificate")
            certificates.append(name)
            assert subject(server) == name
        # What cannot be used is said, and changes nothing.
        server.log.clear()
        key.write_text("hidden-thing")
        server.process.send_signal(signal.SIGHUP)
        assert "holds no private key in PEM format" in server.wait_for_log("not reloaded certificate")
        assert subject(server) == "third"
        is_over.set()
        for thread in streams:
            thread.join(120)
        assert {reason for reason, _ in streamed} <= {"stop", "length"} and len(streamed) >= 16
        # For each renewal there were streams that went on over it.
        assert {renewal for _, renewals in streamed for renewal in renewals} == {1, 2}
        assert server.stop() == 0
        assert "hidden-thing" not in "".join(server.log)


def test_metrics_tell_when_the_certificate_ends(secure, pair):
    end = ssl.cert_time_to_seconds(openssl("x509", "-in", pair[0], "-noout", "-enddate").stdout.strip().split("=")[1])
    with connect(secure) as connection:
        connection.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
        reply = b""
        while piece := connection.recv(65536):
            reply += piece
    found = re.search(rb"^apus_tls_certificate_expiry_seconds (\S+)$", reply, re.M)
    assert float(found.group(1)) == end


def test_what_is_wrong_with_the_files_is_said(authority, pair, tmp_path):
    other = authority.issue("other")
    encrypted, text = tmp_path / "encrypted.key", tmp_path / "text"
    openssl("pkey", "-in", pair[1], "-aes128", "-passout", "pass:hidden-thing", "-out", encrypted)
    text.write_text("hidden-thing")
    for flags, said in [
        (["--tls-key", pair[1]], "tls-key is set, and tls-certificate is not"),
        (["--tls-client-ca", pair[0]], "tls-client-ca is set, and tls-certificate is not"),
        (["--tls-certificate", pair[0]], f"{pair[0]} holds no private key"),
        (["--tls-certificate", tmp_path / "none", "--tls-key", pair[1]], f"{tmp_path}/none cannot be read: No such file"),
        (["--tls-certificate", text, "--tls-key", pair[1]], f"{text} holds no certificate"),
        (["--tls-certificate", pair[0], "--tls-key", other[1]], f"{other[1]} is not that of the first certificate in {pair[0]}"),
        (["--tls-certificate", pair[0], "--tls-key", encrypted], f"openssl pkey -in {encrypted}"),
        (["--tls-certificate", pair[0], "--tls-key", text], f"{text} holds no private key"),
        (["--tls-certificate", pair[0], "--tls-key", pair[1], "--tls-client-ca", text], f"{text} holds no certificate"),
    ]:
        done = run("serve", "--port", 0, *flags, check=False)
        assert done.returncode != 0 and said in done.stderr and "hidden-thing" not in done.stderr, done.stderr


def test_settings_come_from_the_file_and_the_environment(pair, tmp_path):
    both = tmp_path / "both.pem"
    both.write_bytes(pair[1].read_bytes() + pair[0].read_bytes())
    file = tmp_path / "apus.yaml"
    file.write_text(f"tls-certificate: {both}\n")
    with serving("--config", file) as server:
        assert subject(server) == "server"
    with serving(env={"APUS_TLS_CERTIFICATE": str(pair[0]), "APUS_TLS_KEY": str(pair[1])}) as server:
        assert subject(server) == "server"
