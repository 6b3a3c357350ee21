import { TICK, Watch } from "./watch.js";

/**
 * What the page is told of its link.
 *
 * @typedef {object} News
 * @property {import("./watch.js").LinkState} [state]
 * @property {number} [since] Unix ms since when nothing has answered; 0 while all is well.
 * @property {boolean} [page] Whether the page's document is still on the server.
 * @property {number} [hello] How often the server has said hello: another number is another socket.
 * @property {number} [offset] What to add to this clock's Unix ms to have the server's.
 * @property {number} [asked] Unix ms of a question that was answered now.
 * @property {any} [stop] The answer to a Stop that was sent here.
 * @property {any} [said] The answer to words that were sent here.
 */

const ROUNDS = 4; // of proving the browser's connections after a gap, at most
const TOGETHER = 3; // connections proved in one: the browser has six, and Stop may need one
const PROVED = 1000; // ms in which a connection proves that it is none of those
const ASKED = 1800; // ms for an answer from a server that may be busy; three questions wait at most
const TRUSTED = 400; // ms of a round trip by which the server's clock can be told

/**
 * Keeps a socket to the server, asks it several times a second, and opens another when it is silent.
 *
 * @param {string} url The link's address (http or https).
 * @param {string} mark The page's mark.
 * @param {(news: News) => void} tell
 */
export function heartbeat(url, mark, tell) {
  const watch = new Watch();
  /** @type {WebSocket | null} The one that answers, or answered last. */
  let socket = null;
  /** @type {WebSocket | null} */
  let next = null;
  /** @type {Map<number, number>} When each ping was sent. */
  const pings = new Map();
  let number = 0;
  let hellos = 0;
  let told = "";
  let asked = 0;

  const now = () => performance.now();

  function news() {
    const since = watch.silentSince ? Math.round(Date.now() - (now() - watch.silentSince)) : 0;
    const text = `${watch.state} ${watch.silentSince}`;
    if (text !== told) tell({ state: watch.state, since });
    told = text;
  }

  function open() {
    const made = new WebSocket(url.replace(/^http/, "ws"));
    next = made;
    made.onopen = () => made.send(JSON.stringify({ mark }));
    made.onmessage = ({ data }) => receive(made, JSON.parse(data));
    made.onclose = () => closed(made);
  }

  /** @param {WebSocket} from @param {any} message */
  function receive(from, message) {
    if ("page" in message) {
      if (from === next) {
        next = null;
        quit(socket);
        socket = from;
        pings.clear();
      }
      hellos += 1;
      watch.opened(now());
      if (hellos > 1) void renew();
      tell({ page: message.page, hello: hellos });
    } else if ("beat" in message) {
      if (from !== socket) return; // before its hello
      if (watch.state !== "down") {
        quit(next); // the one that was only late is the link
        next = null;
      }
      watch.beat(now(), 1000 * message.late, 1000 * message.stuck);
    } else if ("stop" in message || "said" in message) {
      tell(message);
    } else {
      answered(message);
    }
    news();
  }

  /** @param {{n: number, now: number}} message */
  function answered(message) {
    const sent = pings.get(message.n);
    if (sent === undefined) return;
    for (const n of pings.keys()) if (n <= message.n) pings.delete(n);
    const trip = now() - sent;
    const offset = message.now * 1000 + trip / 2 - Date.now();
    tell({ asked: Date.now() - trip, ...(trip < TRUSTED && { offset }) });
    quit(next); // the one that was only late is the link
    next = null;
    watch.answered(now(), trip);
  }

  /** @param {WebSocket} from */
  function closed(from) {
    if (from === next) {
      next = null;
      watch.failed("open");
    } else if (from === socket) {
      socket = null;
      pings.clear();
      watch.closed(now());
    }
    news();
  }

  /** @param {WebSocket | null} one */
  function quit(one) {
    if (!one) return;
    one.onopen = one.onmessage = one.onclose = null;
    one.close();
  }

  /** @param {number} ms @returns {Promise<{page: boolean}>} */
  async function post(ms) {
    const signal = AbortSignal.timeout(ms);
    const answer = await fetch(url, { method: "POST", body: mark, cache: "no-store", signal });
    if (answer.status === 403) return { page: false }; // let out: reloading it says how to get in
    return answer.json();
  }

  /**
   * A gap leaves connections in the browser's store that are dead and look good: what goes out on one
   * is lost, and the goodbye of a closed tab is sent only once. One that does not answer is given up.
   */
  async function renew() {
    for (let round = 0; round < ROUNDS; round++) {
      const answers = await Promise.allSettled(Array.from({ length: TOGETHER }, () => post(PROVED)));
      if (answers.every(({ status }) => status === "fulfilled")) return;
    }
  }

  /** A plain request gets through where a socket does not: a proxy, or too many that are opening. */
  async function ask() {
    const mine = ++asked;
    try {
      const { page } = await post(ASKED);
      if (watch.state === "up" || watch.state === "slow") return;
      grant(watch.reached(now()));
      if (page === false) tell({ page });
    } catch {
      if (mine === asked) watch.failed("ask");
    }
  }

  /** @param {import("./watch.js").Wish[]} wishes */
  function grant(wishes) {
    for (const wish of wishes) {
      if (wish === "ping" && socket) {
        number += 1;
        pings.set(number, now());
        if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ n: number }));
      } else if (wish === "open") open();
      else if (wish === "drop") {
        quit(next);
        next = null;
      } else if (wish === "ask") void ask();
    }
  }

  const timer = setInterval(() => {
    grant(watch.tick(now()));
    news();
  }, TICK);

  return {
    /** The page is looked at again: ask at once. */
    poke: () => grant(watch.poke(now())),
    /** The person is here: what is tried again, is tried at once. */
    hasten: () => watch.hasten(),
    /** @param {object} message Sends a message on the socket, if there is one. */
    send(message) {
      if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
    },
    end() {
      clearInterval(timer);
      quit(socket);
      quit(next);
    },
  };
}
