# The workaround of drop-finished.vcl for a Fastly VCL service. NOT RUN: Holdfast's tests have no Fastly service, and what this file relies on is
# marked with where it is documented. With Fanout (docs/fastly.md) none of this is needed.

sub vcl_recv {
#FASTLY recv
  # One response is for everyone, so it cannot depend on where one client stands.
  if (req.url.path == "/api/v1/sse/config") {
    unset req.http.Last-Event-ID;
  }
  # Clustering is switched off by a restart. Without it each cache server of the site would open its own stream. ("Fastly-Force-Shield")
  if (req.restarts > 0) {
    set req.http.Fastly-Force-Shield = "1";
  }
  return(lookup);
}

sub vcl_fetch {
#FASTLY fetch
  if (beresp.http.Content-Type ~ "^text/event-stream") {
    # Bytes go on as they come. ("Using Streaming miss for push messaging", "beresp.do_stream")
    set beresp.do_stream = true;
    # A stream that has ended is of no use to anyone. ("Lifetime and revalidation")
    set beresp.stale_while_revalidate = 0s;
    set beresp.stale_if_error = 0s;
  }
  return(deliver);
}

sub vcl_hit {
#FASTLY hit
  # A response that came in chunks has no length while it is received, and the cache knows one when it is complete. That it shows here is inherited from Varnish
  # 2.1 and the point to try first: log obj.http.Content-Length of a stream that is open, and of one that has ended.
  if (obj.http.Content-Type ~ "^text/event-stream" && obj.http.Content-Length && req.restarts < 2) {
    # Zero is the one value that has an effect here, and drops the object. ("obj.ttl")
    set obj.ttl = 0s;
    restart;
  }
  return(deliver);
}
