"""Settings of the web server, for bin/serve.py, the systemd units and the container alike.

A proxy that buffers stands in front (deploy/nginx.conf): a thread then answers for milliseconds, however slow
the person's line is.
"""

import os

import gunicorn

# With a socket of systemd (portal-web.socket) that one is used, and nobody is refused during a restart.
bind = f"{os.environ.get('BIND', '127.0.0.1')}:{os.environ.get('PORT', '8000')}"
workers = int(os.environ.get("WEB_WORKERS", "2"))
threads = int(os.environ.get("WEB_THREADS", "4"))
worker_class = "gthread"
preload_app = True
timeout = 60  # seconds without a sign of life before a process is replaced
graceful_timeout = int(float(os.environ.get("WORKER_PATIENCE_SECONDS", "20")))
keepalive = 75  # longer than the proxy keeps its side
loglevel = os.environ.get("LOG_LEVEL", "warning").lower()
control_socket_disable = True  # it would lie in the home of the user, shared with other instances
gunicorn.SERVER = "portal"  # the name and version of the server are nobody's business
