/**
 * Has each request to the page's own server bring the page's key: the server opens neither a socket nor
 * anything but a plain GET with the cookie alone (`dashboard/web/lock.py`). Others never see the key.
 *
 * @param {any} scope The page's window, or a worker's global scope.
 * @param {string} key
 * @param {string} base The page's address.
 */
export function present(scope, key, base) {
  const { host } = new URL(base);
  const own = (/** @type {unknown} */ url) => new URL(String(url), base).host === host;

  const { WebSocket: Socket, fetch: plain, XMLHttpRequest: Request } = scope;
  // The socket itself stays the browser's own kind: noVNC looks at its prototype.
  scope.WebSocket = new Proxy(Socket, {
    construct(Plain, [url, protocols = []]) {
      const asked = [protocols].flat();
      return new Plain(url, own(url) ? [...asked, "sayso", key] : asked);
    },
  });

  scope.fetch = (/** @type {any} */ what, /** @type {RequestInit | undefined} */ how) => {
    const asked = what instanceof scope.Request;
    if (!own(asked ? what.url : what)) return plain.call(scope, what, how);
    const headers = new Headers(how?.headers ?? (asked ? what.headers : undefined));
    headers.set("Sayso-Page", key);
    return plain.call(scope, what, { ...how, headers });
  };

  if (!Request) return;
  const { open, send } = Request.prototype;
  const ours = new WeakSet();
  Request.prototype.open = function (/** @type {any[]} */ ...given) {
    if (own(given[1])) ours.add(this);
    else ours.delete(this);
    return open.apply(this, given);
  };
  Request.prototype.send = function (/** @type {unknown} */ body) {
    if (ours.has(this)) this.setRequestHeader("Sayso-Page", key);
    return send.call(this, body);
  };
}
