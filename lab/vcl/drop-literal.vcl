vcl 4.1;

# The workaround as it is written for the CDN (fastly.vcl), as near as Varnish 7 compiles it: there the length of a stored response shows on a hit once it
# is complete. In Varnish 7 it never does, because the origin sent none, so this has no effect. Here to show that.

import std;

sub vcl_backend_response {
    set beresp.http.X-Stream = bereq.xid;
}

include "./streaming-miss.vcl";

sub vcl_hit {
    if (obj.http.Content-Type ~ "^text/event-stream" && obj.http.Content-Length) {
        # `set obj.ttl = 0s` at the CDN. Varnish 7 does not let it be set.
        if (std.ban("obj.http.X-Stream == " + obj.http.X-Stream)) {
            return (restart);
        }
    }
}
