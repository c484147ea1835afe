"""llama.cpp built from source, its benchmarks, and its library.

The source comes in the source package of `llama-cpp-python`, which also brings the bindings that fit it.
"""

import contextlib
import ctypes
import importlib
import json
import os
import subprocess
import sys
import tarfile
import types
from pathlib import Path

import numpy

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = "llama-cpp-python==0.3.36"
PROGRAMS = ["llama-bench", "llama-batched-bench", "llama", "llama-server"]
OPTIONS = {
    "CMAKE_BUILD_TYPE": "Release",
    "GGML_NATIVE": "ON",
    "LLAMA_BUILD_EXAMPLES": "OFF",
    "LLAMA_BUILD_SERVER": "ON",
    "LLAMA_BUILD_TESTS": "OFF",
    "LLAMA_OPENSSL": "OFF",
    "LLAMA_USE_PREBUILT_UI": "OFF",
}


class Llama:
    """A folder with llama.cpp's source and build in it."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.programs = folder / "build" / "bin"

    @property
    def source(self) -> Path:
        found = sorted(self.folder.glob("llama_cpp_python-*/"))
        if not found:
            sys.exit(f"{self.folder} holds no llama_cpp_python source")
        return found[-1]

    def build(self, package: Path | None = None) -> None:
        """Downloads the source where there is none, or takes the one given, and builds what is missing."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if not list(self.folder.glob("llama_cpp_python-*/")):
            if package is None:
                subprocess.run(
                    [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-binary", "llama-cpp-python",
                     "-d", self.folder, PACKAGE], check=True)
                package = next(self.folder.glob("*.tar.gz"))
            with tarfile.open(package) as archive:
                archive.extractall(self.folder, filter="data")
        build = self.folder / "build"
        if not (build / "build.ninja").exists():
            options = [f"-D{name}={value}" for name, value in OPTIONS.items()]
            subprocess.run(["cmake", "-G", "Ninja", "-S", self.source / "vendor" / "llama.cpp", "-B", build, *options],
                           check=True, stdout=sys.stderr)
        subprocess.run(["ninja", "-C", build, *PROGRAMS], check=True, stdout=sys.stderr)

    @property
    def version(self) -> str:
        return self.source.name

    # Speed

    def bench(self, model: Path, threads: int, *, prompt: int = 0, generate: int = 0, depth: int = 0) -> float:
        """Tokens a second of one run of llama-bench, warmed up by itself."""
        done = subprocess.run(
            [self.programs / "llama-bench", "-m", model, "-t", str(threads), "-p", str(prompt), "-n", str(generate),
             "-d", str(depth), "-r", "1", "-o", "json"],
            check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        return json.loads(done.stdout)[0]["avg_ts"]

    def batched(self, model: Path, threads: int, *, sequences: int, prompt: int, generate: int) -> float:
        """Tokens a second that sequences decode together, after a prompt each."""
        context = sequences * (prompt + generate)
        done = subprocess.run(
            [self.programs / "llama-batched-bench", "-m", model, "-t", str(threads), "-c", str(context), "-b", "2048",
             "-ub", "512", "-npp", str(prompt), "-ntg", str(generate), "-npl", str(sequences), "--output-format",
             "jsonl"],
            check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        return next(json.loads(line)["speed_tg"] for line in done.stdout.splitlines() if line.startswith("{"))

    # Answers

    def library(self) -> types.ModuleType:
        """The bindings of the package, on the library that was built."""
        os.environ["LLAMA_CPP_LIB_PATH"] = str(self.programs)
        # A stand-in for the package: its own initialiser imports far more than the bindings.
        package = types.ModuleType("llama_cpp")
        package.__path__ = [str(self.source / "llama_cpp")]
        sys.modules["llama_cpp"] = package
        return importlib.import_module("llama_cpp.llama_cpp")


class Model:
    """A model in llama.cpp, with one sequence."""

    def __init__(self, llama: Llama, path: Path, *, context: int, threads: int, exact: bool = False):
        self.lib = lib = llama.library()
        # The library logs every tensor; errors still show as exceptions here.
        self.silence = lib.llama_log_callback(lambda *_: None)
        lib.llama_log_set(self.silence, None)
        lib.llama_backend_init()
        self.model = lib.llama_model_load_from_file(str(path).encode(), lib.llama_model_default_params())
        if not self.model:
            raise RuntimeError(f"llama.cpp cannot load {path}")
        parameters = lib.llama_context_default_params()
        parameters.n_ctx = parameters.n_batch = context
        parameters.n_threads = parameters.n_threads_batch = threads
        if exact:
            parameters.type_k = parameters.type_v = lib.GGML_TYPE_F32
        self.context = lib.llama_init_from_model(self.model, parameters)
        if not self.context:
            raise RuntimeError(f"llama.cpp cannot make a context of {context} tokens")
        self.vocabulary = lib.llama_model_get_vocab(self.model)
        self.size = lib.llama_vocab_n_tokens(self.vocabulary)
        self.limit = context
        self.position = 0

    def tokenize(self, text: str) -> list[int]:
        """Ids of a text, special tokens in it recognised, with what the model wants at the beginning."""
        data = text.encode()
        room = len(data) + 8
        ids = (self.lib.llama_token * room)()
        count = self.lib.llama_tokenize(self.vocabulary, data, len(data), ids, room, True, True)
        if count < 0:
            raise RuntimeError("llama.cpp cannot tokenize the text")
        return list(ids[:count])

    def clear(self) -> None:
        self.lib.llama_memory_clear(self.lib.llama_get_memory(self.context), True)
        self.position = 0

    def logits(self, ids: list[int]) -> numpy.ndarray:
        """Goes on with the sequence; the logits after every token, valid until the next call."""
        if self.position + len(ids) > self.limit:
            raise RuntimeError(f"a sequence of more than {self.limit} tokens")
        with self._batch(len(ids)) as batch:
            batch.n_tokens = len(ids)
            for i, token in enumerate(ids):
                batch.token[i] = token
                batch.pos[i] = self.position + i
                batch.n_seq_id[i] = 1
                batch.seq_id[i][0] = 0
                batch.logits[i] = 1
            code = self.lib.llama_decode(self.context, batch)
        if code != 0:
            raise RuntimeError(f"llama_decode: {code}")
        self.position += len(ids)
        rows = ctypes.cast(self.lib.llama_get_logits(self.context), ctypes.POINTER(ctypes.c_float))
        return numpy.ctypeslib.as_array(rows, shape=(len(ids), self.size))

    @contextlib.contextmanager
    def _batch(self, count: int):
        batch = self.lib.llama_batch_init(count, 0, 1)
        try:
            yield batch
        finally:
            self.lib.llama_batch_free(batch)
