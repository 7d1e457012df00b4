"""From text to machine code, with llvmlite: the only module that knows it. Runs in executors, never in the user's process.

Code starts as it can be had fastest: from this process, from the object cache, else compiled without optimization (1-3 ms),
while a thread in the background optimizes it (15-70 ms) and swaps it in. LLVM compiles one module at a time.
"""

from __future__ import annotations

import ctypes
import hashlib
import queue
import threading
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import AbstractContextManager
from functools import lru_cache
from pathlib import Path
from typing import Any

import llvmlite
import llvmlite.binding as binding

from engine import __version__
from engine.compile.calls import calling, name_of
from engine.compile.object_cache import ObjectCache, Quarantined, crashed_before
from engine.compile.object_file import undefined

_KEPT_MODULES = 256
_SYMBOLS = ("memcpy", "memmove", "memset", "memcmp", "bcmp", "fmod", "fmodf")
"""The functions of C that LLVM may call on its own; code that needs another is refused."""


class Code:
    """The functions of one module, by name. `level` is how far it is optimized now: 0 or 2."""

    def __init__(self, addresses: dict[str, int], level: int, key: str, name: bytes, keep: Any) -> None:
        self.addresses = addresses
        self.key = key
        self.level = level
        self._name = name
        self._keep = [keep]  # the code is freed with the last of these

    def calling(self) -> AbstractContextManager[None]:
        """Around each call: who looks at a process that has crashed sees that a thread was in here."""
        return calling(self._name)

    def swap(self, better: Code) -> None:
        """Takes over better code; calls that run go on in the old one, which stays as long as this object."""
        self._keep += better._keep
        self.addresses, self.level = better.addresses, better.level


class Compiler:
    """Makes code of IR text. One per process: `compiler()`."""

    def __init__(self, cache: ObjectCache | None) -> None:
        self.cache = cache
        self.statistics = {"compiled": 0, "from_memory": 0, "from_disk": 0, "refused": 0}
        self._machines: dict[int, Any] = {}
        self._codes: OrderedDict[str, Code] = OrderedDict()
        self._keys: dict[tuple[str, int], str] = {}
        self._lock = threading.RLock()
        self._numbers = 0
        self._jit: Any = None
        self._background: queue.SimpleQueue[tuple[str, str, tuple[str, ...], Code]] = queue.SimpleQueue()
        self._worker: threading.Thread | None = None

    def compile(self, text: str, names: Sequence[str], level: int = 2, improve: bool = False) -> Code:
        """The code of a module. With `improve` it may be unoptimized at first, and is swapped for better soon.

        Raises RuntimeError for text that LLVM does not take, or that calls what is not there, and Quarantined.
        """
        with self._lock:
            key = self._key_of(text, level)
            if crashed_before(key) or (
                self.cache is not None and key not in self._codes and self.cache.is_quarantined(key)
            ):
                raise Quarantined(key)
            known = self._codes.get(key)
            if known is not None:
                self._codes.move_to_end(key)
                self.statistics["from_memory"] += 1
                return known
            code = self._from_disk(key, names, level)
            if code is None and improve and level:
                code = self._compiled(text, names, 0, key)
                self._improve(text, key, tuple(names), code)
            elif code is None:
                code = self._compiled(text, names, level, key)
            self._codes[key] = code
            while len(self._codes) > _KEPT_MODULES:
                self._codes.popitem(last=False)
            return code

    def _key_of(self, text: str, level: int) -> str:
        found = self._keys.get((text, level))
        if found is None:
            if len(self._keys) >= 2 * _KEPT_MODULES:
                self._keys.clear()
            found = self._keys[text, level] = self.key(text, level)
        return found

    def key(self, text: str, level: int) -> str:
        """The name of the code of `text` on this machine, with these versions."""
        whole = "\0".join((text, str(level), _surroundings()))
        return hashlib.blake2b(whole.encode(), digest_size=20).hexdigest()

    def _from_disk(self, key: str, names: Sequence[str], level: int) -> Code | None:
        if self.cache is None:
            return None
        found = self.cache.get(key)
        if found is None:
            return None
        self.statistics["from_disk"] += 1
        return self._linked(found, names, level, key)

    def _compiled(self, text: str, names: Sequence[str], level: int, key: str) -> Code:
        module = binding.parse_assembly(text)
        module.verify()
        machine = self._machine(level)
        if level:
            options = binding.create_pipeline_tuning_options(level)
            options.loop_vectorization = True
            options.loop_interleaving = True
            builder = binding.create_pass_builder(machine, options)
            builder.getModulePassManager().run(module, builder)
        found: bytes = machine.emit_object(module)
        self.statistics["compiled"] += 1
        missing = undefined(found).difference(_SYMBOLS)
        if missing:
            raise RuntimeError(f"Machine code needs {', '.join(sorted(missing))} from elsewhere.")
        if self.cache is not None and level:
            self.cache.put(key, found)
        return self._linked(found, names, level, key)

    def _linked(self, code: bytes, names: Sequence[str], level: int, key: str) -> Code:
        with self._lock:
            if self._jit is None:
                self._jit = binding.create_lljit_compiler(self._machine(2))
            self._numbers += 1
            library = binding.JITLibraryBuilder().add_object_img(code)
            for symbol, address in _symbols():
                library.import_symbol(symbol, address)
            for name in names:
                library.export_symbol(name)
            linked = library.link(self._jit, f"module{self._numbers}")
            folder = self.cache.folder if self.cache is not None else None
            return Code({name: linked[name] for name in names}, level, key, name_of(key, folder), linked)

    def _machine(self, level: int) -> Any:
        if level not in self._machines:
            target = binding.Target.from_default_triple()
            self._machines[level] = target.create_target_machine(
                cpu=binding.get_host_cpu_name(), features=_features(), opt=level, codemodel="jitdefault", jit=True
            )
        return self._machines[level]

    def _improve(self, text: str, key: str, names: tuple[str, ...], code: Code) -> None:
        self._background.put((text, key, names, code))
        if self._worker is None or not self._worker.is_alive():
            self._worker = threading.Thread(target=self._optimize, name="flint-optimizer", daemon=True)
            self._worker.start()

    def _optimize(self) -> None:
        while True:
            text, key, names, code = self._background.get()
            try:
                code.swap(self._compiled(text, names, 2, key))
            except RuntimeError:  # the code that runs is right, and stays
                self.statistics["refused"] += 1


@lru_cache
def _initialized() -> None:
    binding.initialize_native_target()
    binding.initialize_native_asmprinter()


@lru_cache
def _surroundings() -> str:
    """What else shapes code: the machine, and versions."""
    machine = (binding.get_host_cpu_name(), _features(), binding.get_default_triple())
    versions = (str(binding.llvm_version_info), llvmlite.__version__, __version__)
    return "\0".join((*machine, *versions))


@lru_cache
def _features() -> str:
    # where processors are guarded against what gathers leak (Intel's since 2023), one load after the other is twice as fast
    tuning = ",+prefer-no-gather" if binding.get_default_triple().startswith("x86_64") else ""
    return str(binding.get_host_cpu_features().flatten()) + tuning


@lru_cache
def _symbols() -> tuple[tuple[str, int], ...]:
    c = ctypes.CDLL(None)
    return tuple((name, ctypes.cast(getattr(c, name), ctypes.c_void_p).value or 0) for name in _SYMBOLS)


_compilers: dict[Path | None, Compiler] = {}
_lock = threading.Lock()


def compiler(folder: Path | None) -> Compiler:
    """The compiler of this process whose object cache is in `folder` (None: without one)."""
    with _lock:
        if folder not in _compilers:
            _initialized()
            _compilers[folder] = Compiler(ObjectCache(folder) if folder is not None else None)
        return _compilers[folder]
