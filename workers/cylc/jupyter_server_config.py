"""Given to every UI server by the gateway (JUPYTER_CONFIG_PATH), after the site's and the owner's own configuration."""

import os
import sys

c = get_config()  # noqa: F821 - of traitlets

if "hubapp" in sys.argv[1:2]:
    sys.path.insert(1, os.path.dirname(os.path.abspath(__file__)))
    import cylc_gateway_grants
    import cylc_gateway_limits

    # For the class of `cylc hubapp` too: what another file sets for it would win.
    for section in (c.ServerApp, c.CylcHubApp):
        section.jpserver_extensions = {"cylc_gateway_grants": True}
    c.CylcUIServer.user_authorization = cylc_gateway_grants.Shares()
    c.CylcUIServer.site_authorization = cylc_gateway_limits.SiteLimits()
