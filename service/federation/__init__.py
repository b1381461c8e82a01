"""SERVICE, safely: a query may ask the endpoints that whoever runs the service has listed, and nobody else.

The engine makes HTTP requests itself to whatever address stands behind SERVICE, with no hook and no off switch. So:

* `endpoints` holds the list, and says which network addresses may be called at all;
* `rewriting` puts an address of our own in place of every SERVICE address before the engine sees the query, and
  refuses a query in which it is not plain to see;
* `forwarder` listens there, on loopback, and asks the endpoint that was meant, once its name is resolved and
  checked;
* `call` is one request to one endpoint, with limits.

A worker that could reach the forwarder and nothing else even if the rewriting were fooled: `service/pool/isolation.py`.
"""
