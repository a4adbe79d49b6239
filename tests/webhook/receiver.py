"""Receives webhooks as a foreign program: verifies each with PyPI `standardwebhooks`, stores it, and answers.

    receiver.py FOLDER PORT SECRET [CERTIFICATE KEY]

FOLDER/behaviours has a line for each of the next requests: a status with an optional Retry-After (`429 2`), `redirect`,
`close`, `hang` or `huge`; without a line a request is taken. FOLDER/taken gets a line of JSON for each event that was
taken, before it is answered, and FOLDER/requests the method and path of each request. A line that a kill cut short is
dropped at the next start: its event was not answered and comes again.
"""

import json
import os
import ssl
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from standardwebhooks import Webhook

folder, port, secret = sys.argv[1:4]
verifier = Webhook(secret)
lock = threading.Lock()


def append(name, line):
    with open(os.path.join(folder, name), "a", encoding="utf-8") as file:
        file.write(line + "\n")
        file.flush()
        os.fsync(file.fileno())


def drop_torn_line(name):
    path = os.path.join(folder, name)
    if os.path.exists(path):
        with open(path, "rb+") as file:
            file.truncate(file.read().rfind(b"\n") + 1)


def next_behaviour():
    path = os.path.join(folder, "behaviours")
    try:
        with open(path, encoding="utf-8") as file:
            lines = file.read().splitlines()
    except FileNotFoundError:
        return ""
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(lines[1:]))
    return lines[0].strip() if lines else ""


class Receiver(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_HEAD(self):
        with lock:
            append("requests", f"HEAD {self.path}")
        self.answer(405)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        with lock:
            append("requests", f"POST {self.path}")
            behaviour = next_behaviour()
            if not behaviour or behaviour == "huge":
                self.take(body)
        if not behaviour:
            self.answer(204)
        elif behaviour == "close":
            self.close_connection = True
            self.connection.close()
        elif behaviour == "hang":
            time.sleep(60)
        elif behaviour == "huge":
            self.send_response(200)
            self.send_header("content-length", str(1 << 40))
            self.end_headers()
            try:
                while True:
                    self.wfile.write(b"x" * 65536)
            except OSError:
                self.close_connection = True
        elif behaviour == "redirect":
            self.answer(302, [("location", "/elsewhere")])
        else:
            status, *pause = behaviour.split()
            self.answer(int(status), [("retry-after", seconds) for seconds in pause], b"says why")

    def take(self, body):
        verified = verifier.verify(body, dict(self.headers))
        data = verified["data"]
        line = {"id": self.headers["webhook-id"], "ce": verified["id"], "subject": verified["subject"]}
        line |= {"sequence": verified["sequence"], "type": verified["type"], "data": data}
        line["event"] = verified
        line["content-type"] = self.headers["content-type"]
        append("taken", json.dumps(line, ensure_ascii=False))

    def answer(self, status, headers=(), body=b""):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


drop_torn_line("taken")
drop_torn_line("requests")
server = ThreadingHTTPServer(("127.0.0.1", int(port)), Receiver)
server.daemon_threads = True
if len(sys.argv) > 4:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[4], sys.argv[5])
    server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
