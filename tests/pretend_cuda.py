"""A plugin of pytest under which PyTorch takes the CPU for a GPU: `pytest -p pretend_cuda`.

It runs in the environment of a generated project. PRETEND_CUDA names the device that `build` made.
"""

import ctypes
import importlib
import importlib.util
import os
import subprocess
from pathlib import Path
from typing import Any


def build(torch: Path, target: Path) -> str:
    """Compile the device for the PyTorch of a folder; returns what a compiler that failed said."""
    done = subprocess.run(
        [
            *("c++", "-std=c++20", "-O0", "-fPIC", "-shared", "-w", "-o", str(target)),
            *("-isystem", str(torch / "include")),
            str(Path(__file__).with_suffix(".cpp")),
            *(f"-L{torch / 'lib'}", "-ltorch_cpu", "-lc10", f"-Wl,-rpath,{torch / 'lib'}"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stderr if done.returncode else ""


def pretend(built: Path) -> ctypes.CDLL:
    """Let PyTorch find the device: what it asks for once, on import, has to be there before."""
    found = importlib.util.find_spec("torch")
    assert found
    assert found.submodule_search_locations
    (folder,) = found.submodule_search_locations
    ctypes.CDLL(str(Path(folder) / "lib" / "libtorch_cpu.so"), mode=ctypes.RTLD_GLOBAL)
    device = ctypes.CDLL(str(built), mode=ctypes.RTLD_GLOBAL)
    torch = importlib.import_module("torch")
    # What `torch.cuda` would ask a driver, or a build with CUDA.
    torch.cuda._lazy_init = lambda: None
    torch.cuda._initialized = True
    torch.cuda.is_available = lambda: True
    torch.cuda.current_device = lambda: 0
    torch.cuda.device_count = lambda: 1
    torch.cuda.get_device_name = lambda: "pretended"
    torch.cuda.manual_seed_all = lambda _: None  # dropout draws from the CPU's generator
    torch.cuda.get_rng_state = torch.get_rng_state
    torch.cuda.set_rng_state = torch.set_rng_state

    def clone(storage: Any) -> Any:
        held = torch.empty(0, dtype=torch.uint8, device=storage.device).set_(storage)
        return held.clone().untyped_storage()

    torch.UntypedStorage.clone = clone
    return device


if "PRETEND_CUDA" in os.environ:
    DEVICE = pretend(Path(os.environ["PRETEND_CUDA"]))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say how much of the tests went through the device."""
    operations, halves = DEVICE.pretend_cuda_operations(), DEVICE.pretend_cuda_halves()
    terminalreporter.write_line(
        f"pretended CUDA: {operations} operations, {halves} in half precision"
    )
