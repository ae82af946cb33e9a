vcl 4.1;

# (a) What a CDN makes of an SSE response, by its page "Using Streaming miss for push messaging", said to a Varnish 7: requests for one URL collapse into
# one, bytes go on to all of them as they come, and the response is kept as long as s-maxage says.

sub vcl_recv {
    if (req.url == "/livez") {
        return (synth(200));
    }
    # One response is for everyone, so it cannot depend on where one client stands.
    unset req.http.Last-Event-ID;
}

sub vcl_backend_response {
    if (beresp.http.Content-Type ~ "^text/event-stream") {
        # Varnish's default, and the CDN's option of the same name.
        set beresp.do_stream = true;
        # The time to live is s-maxage, which Varnish has read itself. It would also give the copy away for ten seconds after that; the CDN does not.
        set beresp.grace = 0s;
        set beresp.keep = 0s;
        # Leaves out Varnish's own rules, which take "no-cache" as said to Varnish. For the CDN it is said to browsers.
        return (deliver);
    }
}
