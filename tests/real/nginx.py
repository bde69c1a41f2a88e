"""nginx's mail module: a proxy for SMTP, IMAP and POP3 that ends TLS itself, before Dovecot and Postfix.

Which backend a client belongs to, nginx asks of an HTTP server (`AuthSite`); each listener of this recipe
says in a header of its own which one it wants.
"""

from __future__ import annotations

import socketserver
import threading
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING

from .dovecot_access import PASSWORD, USER
from .recipe import Job, Mode, Recipe, inside

if TYPE_CHECKING:
    from types import TracebackType

_SET_UPS: dict[str, Mode] = {
    "imap": "starttls",
    "imap-insisting": "starttls",
    "imaps": "implicit",
    "pop3": "starttls",
    "pop3-insisting": "starttls",
    "pop3s": "implicit",
    "smtp": "starttls",
    "submission": "starttls",
    "submissions": "implicit",
}
_BACKENDS = {"imap": "imap", "imaps": "imap", "pop3": "pop3", "pop3s": "pop3"}

_MAIN = """user www-data;
daemon off;
master_process on;
worker_processes 1;
pid /run/nginx.pid;
error_log stderr info;
load_module /usr/lib/nginx/modules/ngx_mail_module.so;
events {{
  worker_connections 256;
}}
mail {{
  server_name {name};
  auth_http {auth};
  ssl_certificate {certificate};
  ssl_certificate_key {key};
{servers}}}
"""
_SERVER = """  server {{
    listen {host}:{port}{ssl};
    protocol {protocol};
    starttls {starttls};
    auth_http_header X-Backend {backend};
{more}  }}
"""


def _configure(job: Job) -> dict[str, str]:
    sound = job.certificates.sound
    main = _MAIN.format(
        name=job.host_name,
        auth=job.auth_url.removeprefix("http://"),
        certificate=inside(sound.chain_pem),
        key=inside(sound.key_pem),
        servers="".join(_server(job, set_up) for set_up in job.listeners),
    )
    start = "set -eu\nmkdir -p /var/lib/nginx /var/log/nginx\nexec nginx -c /etc/nginx/waxseal.conf\n"
    return {"etc/nginx/waxseal.conf": main, "start": start}


def _server(job: Job, set_up: str) -> str:
    scheme = _SCHEMES[set_up]
    at = job.listeners[set_up]
    backend = job.backends[_BACKENDS.get(scheme, set_up.removesuffix("s"))]
    more = {"smtp": ["smtp_auth none", "xclient off"], "submission": ["smtp_auth plain login", "xclient off"]}
    if set_up.endswith("-insisting") or scheme == "submission":
        starttls = "only"  # nothing but STARTTLS is taken in clear
    else:
        starttls = "off" if _SET_UPS[set_up] == "implicit" else "on"
    return _SERVER.format(
        host=at.host,
        port=at.port,
        ssl=" ssl" if _SET_UPS[set_up] == "implicit" else "",
        protocol={"submission": "smtp", "submissions": "smtp"}.get(scheme, scheme.removesuffix("s")),
        starttls=starttls,
        backend=f"{backend.host}:{backend.port}",
        more="".join(f"    {line};\n" for line in more.get(scheme.removesuffix("s"), ())),
    )


class AuthSite:
    """Tells nginx that the one account is welcome, and who need not log in, at the backend that it names.

    Attributes:
        url: Its address.
        asked: The ``Auth-Protocol`` and ``Auth-User`` of each request so far, in order.
    """

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                user, password = (self.headers.get(f"Auth-{word}", "") for word in ("User", "Pass"))
                site.asked.append((self.headers.get("Auth-Protocol", ""), user))
                if self.headers.get("Auth-Method") == "none" or (user, password) == (USER, PASSWORD):
                    host, _, port = self.headers["X-Backend"].rpartition(":")
                    answer = {"Status": "OK", "Server": host, "Port": port}
                else:
                    answer = {"Status": "Invalid login or password", "Wait": "2", "Error-Code": "535 5.7.8"}
                self.send_response(200)
                for name, value in answer.items():
                    self.send_header(f"Auth-{name}", value)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/auth"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self) -> AuthSite:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


_SCHEMES = {set_up: set_up.partition("-")[0] for set_up in _SET_UPS}
RECIPE = Recipe(
    software="nginx",
    packages=("nginx-light", "libnginx-mod-mail"),
    accounts=("www-data",),
    set_ups=_SET_UPS,
    configure=_configure,
    schemes=_SCHEMES,
    needs={
        "imap": ("dovecot-lax", "imap"),  # the backend is spoken to in clear, so it has to take passwords so
        "pop3": ("dovecot-lax", "pop3"),
        "smtp": ("postfix-services", "closed"),
        "submission": ("dovecot-lax", "submission"),
    },
)
