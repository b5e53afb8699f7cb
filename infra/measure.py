"""Measures built functions: the size of each zip, the time from start to first poll of the runtime interface, and the memory by then.

    python3 infra/measure.py                     # what `sam build` left in .aws-sam/build
    python3 infra/measure.py PATH/bootstrap …    # these programs

Each program is started ten times, one after another, with an environment that is complete and services that are never asked; the
median counts. It needs nothing but Python, and Linux.
"""

import io
import pathlib
import statistics
import subprocess
import sys
import threading
import time
import zipfile
from http.server import BaseHTTPRequestHandler, HTTPServer

ROUNDS = 10

# As AWS counts: its 6 MB of a request are 6,291,456 bytes.
MEGABYTE = 1024 * 1024

# How long a program may take to its first poll.
PATIENCE = 10

ENVIRONMENT = {
    "RESYNC_TABLE": "resync",
    "RESYNC_EVENT_BUS": "resync",
    "AWS_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_LAMBDA_FUNCTION_NAME": "resync",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
    "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
}


class Runtime(HTTPServer):
    """Lambda's runtime interface, as far as the first poll."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Poll)
        self.polled = threading.Event()
        self.at = None
        self.over = threading.Event()


class Poll(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.at = time.monotonic()
        self.server.polled.set()
        # A poll is answered when there is an event, and there is none.
        self.server.over.wait()

    def log_message(self, *_):
        pass


def start(program):
    """Milliseconds to the first poll, and the most kilobytes that were resident by then."""
    runtime = Runtime()
    serving = threading.Thread(target=runtime.handle_request, daemon=True)
    serving.start()
    host = f"127.0.0.1:{runtime.server_address[1]}"
    started = time.monotonic()
    process = subprocess.Popen([program], env={**ENVIRONMENT, "AWS_LAMBDA_RUNTIME_API": host}, stdout=subprocess.DEVNULL)
    try:
        if not runtime.polled.wait(PATIENCE):
            sys.exit(f"{program} did not poll within {PATIENCE} s")
        status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
        peak = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
        return (runtime.at - started) * 1000, int(peak.split()[1])
    finally:
        process.kill()
        process.wait()
        runtime.over.set()
        serving.join()
        runtime.server_close()


def zipped(program):
    """Bytes of the zip that would be uploaded."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(program, "bootstrap")
    return len(packed.getvalue())


def main():
    built = sorted(pathlib.Path(".aws-sam/build").glob("*/bootstrap"))
    programs = [pathlib.Path(name) for name in sys.argv[1:]] or built
    if not programs:
        sys.exit("nothing is built; run sam build first, or name programs")
    print(f"{'function':<28} {'zip':>9} {'to first poll':>14} {'resident':>9}")
    for program in programs:
        rounds = [start(program) for _ in range(ROUNDS)]
        millis = statistics.median(took for took, _ in rounds)
        resident = statistics.median(peak for _, peak in rounds)
        name = program.parent.name if program.name == "bootstrap" else program.name
        print(f"{name:<28} {zipped(program) / MEGABYTE:>6.2f} MB {millis:>11.1f} ms {resident / 1024:>6.1f} MB")


if __name__ == "__main__":
    main()
