vcl 4.1;

# (b) The published workaround ("SSE, caching, and reconnecting problem with solution") in a form that works in Varnish 7: a copy of a stream that has ended
# is dropped when it is about to be delivered, and the request starts again. It then collapses with all the others that did the same.

import std;

sub vcl_backend_response {
    # Names the stored response. Before the include, whose `return` ends the subroutine.
    set beresp.http.X-Stream = bereq.xid;
}

include "./streaming-miss.vcl";

sub vcl_deliver {
    # Whether a response is complete can only be asked here. Not for ever: an origin that answers with nothing but the end would keep us busy.
    if (resp.http.Content-Type ~ "^text/event-stream" && !resp.is_streaming && req.restarts < 2) {
        # By its name, and not by its URL: when many clients come back at once, the first has already begun the next stream while others still find the
        # old one, and a purge of the URL would take the new one from those who come after.
        if (std.ban("obj.http.X-Stream == " + resp.http.X-Stream)) {
            return (restart);
        }
    }
    unset resp.http.X-Stream;
}
