"""Serves Cylc Review on a unix socket: `python review_service.py SOCKET PREFIX`, PREFIX such as /services/cylc-review.

`cylc review start` would listen on every address of the machine, and Cylc Review asks nobody who they are: here the
gateway is the only one that reaches it.
"""

import os
import signal
import sys


def main(path, prefix):
    import cherrypy
    from cheroot.wsgi import PathInfoDispatcher, Server
    from cylc.review.review import CylcReviewService
    from cylc.review.ws import wsgi_app

    application = wsgi_app(CylcReviewService)
    # Redirects name the address that the browser used; only the gateway can set these headers.
    cherrypy.config.update({"tools.proxy.on": True, "log.screen": False})
    if os.path.exists(path):
        os.unlink(path)
    os.umask(0o077)
    server = Server(path, PathInfoDispatcher({prefix.rstrip("/"): application}), numthreads=8)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        server.start()
    finally:
        server.stop()


if __name__ == "__main__":
    main(*sys.argv[1:3])
