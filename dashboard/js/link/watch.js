/**
 * Whether the server answers, judged by times alone: no clock, no socket, no timer of its own.
 * `Watch` is told what happens and when (milliseconds of one steady clock) and says what to do.
 */

/** @typedef {"starting" | "up" | "slow" | "down"} LinkState */
/** @typedef {"ping" | "open" | "drop" | "ask"} Wish What the host is to do now. */

export const TICK = 100; // ms between two calls of `tick`
const PING = 200; // ms between two pings
const PATIENCE = 1500; // ms without an answer that mean: down
const SLOW = 900; // ms without an answer that mean: slow
const LATE = 700; // ms by which a server may be late, and a round trip may last, before either counts
const FAR = 500;
const MOST_LATE = 5000; // ms at most that a server which knows to be late is waited for in addition
const OBSERVED = 200; // ms of one tick that count: who was not running has not waited
const MOST_SLOW = 4000; // ms at most that a line which is slow of late is waited for in addition
const TRIPS = 8; // round trips by which a line is known to be slow
const FIRST = 6000; // ms from the page's load until silence means anything
const OPENING = [1000, 1500, 2500, 4000]; // ms that a socket may take to open, before another is tried
const ASKING = 1000; // ms that a plain request may take
const AGAIN = 250; // ms between two tries
const RARELY = 1000; // ms between two tries after a while
const WHILE = 60000; // ms

/**
 * The state of the line to the server.
 *
 * - `starting`: nothing has answered yet since the page was loaded.
 * - `up`: answers come in time; `slow`: one is late; `down`: none comes, or the socket has closed.
 *
 * A silent socket is kept until another has answered: a server that was only late is then found
 * where it was.
 */
export class Watch {
  /** @type {LinkState} */
  state = "starting";
  /** Since when nothing has answered, by the host's clock; 0 while all is well. */
  silentSince = 0;
  #open = false;
  #late = 0;
  #waited = 0; // observed ms since the oldest unanswered ping
  /** @type {number[]} */
  #trips = [];
  #misses = 0; // sockets in a row that did not open
  #pings = 0; // sent and not answered
  #pinged = 0;
  #ticked = 0;
  #heard = 0;
  #opening = 0; // since when a socket opens; 0 if none does
  #asking = 0;
  #tried = 0;

  /**
   * A moment has passed.
   *
   * @param {number} now
   * @returns {Wish[]}
   */
  tick(now) {
    const passed = this.#ticked ? Math.min(now - this.#ticked, OBSERVED) : 0;
    this.#ticked = now;
    /** @type {Wish[]} */
    const wishes = [];
    if (this.#pings > 0 || this.state === "starting") this.#waited += passed;
    this.#judge();
    if (this.#open && now - this.#pinged >= PING && this.#pings < 40) wishes.push(this.#ping(now));
    if (!this.#open || this.state === "down") this.#retry(now, wishes);
    return wishes;
  }

  /** The person is back, or the machine: what was not heard meanwhile does not count. @param {number} now */
  poke(now) {
    this.#waited = 0;
    this.#ticked = now;
    this.#tried = this.#misses = 0;
    /** @type {Wish[]} */
    const wishes = [];
    if (this.#open) wishes.push(this.#ping(now));
    return wishes;
  }

  /** The socket is open and the server has said hello on it. @param {number} now */
  opened(now) {
    this.#open = true;
    this.#opening = this.#asking = this.#misses = 0;
    this.#trips = [];
    this.#well(now);
  }

  /**
   * An answer to a ping.
   *
   * @param {number} now
   * @param {number} late Milliseconds by which the server says that it is late these days.
   * @param {number} trip Milliseconds from the ping to this answer.
   */
  answered(now, late = 0, trip = 0) {
    this.#late = late;
    this.#trips = [...this.#trips, trip].slice(-TRIPS);
    this.#opening = 0;
    this.#well(now);
  }

  /** A plain request was answered: the server is there, though the socket may not be. @param {number} now */
  reached(now) {
    this.#asking = this.#misses = 0;
    this.#tried = 0;
    this.#heard = now;
  }

  /** A request or a socket that was being opened came to nothing. @param {"open" | "ask"} what */
  failed(what) {
    if (what === "open") this.#missed();
    else this.#asking = 0;
  }

  /** The socket has closed. @param {number} now */
  closed(now) {
    this.#open = false;
    this.#opening = 0;
    this.#pings = this.#waited = 0;
    this.#down(now);
  }

  /** @param {number} now */
  #well(now) {
    this.state = "up";
    this.#heard = now;
    this.silentSince = 0;
    this.#pings = this.#waited = 0;
  }

  /** How long an answer may take: longer where server or line are known to be slow. */
  get #patience() {
    const trips = [...this.#trips].sort((a, b) => a - b);
    const trip = trips[trips.length >> 1] ?? 0;
    const late = Math.min(MOST_LATE, Math.max(0, this.#late - LATE));
    return PATIENCE + 1.5 * late + Math.min(MOST_SLOW, 2 * Math.max(0, trip - FAR));
  }

  #judge() {
    if (this.state === "starting") {
      if (this.#waited >= FIRST) this.#down(this.#ticked - FIRST);
      return;
    }
    if (!this.#open) return;
    if (this.#waited >= this.#patience) this.#down(this.#heard);
    else if (this.#waited >= SLOW && this.state === "up") this.state = "slow";
  }

  /** @param {number} since */
  #down(since) {
    this.state = "down";
    this.silentSince ||= since;
  }

  #missed() {
    this.#opening = 0;
    this.#misses += 1;
  }

  /** @param {number} now @returns {Wish} */
  #ping(now) {
    this.#pinged = now;
    this.#pings += 1;
    return "ping";
  }

  /** @param {number} now @param {Wish[]} wishes */
  #retry(now, wishes) {
    if (this.#opening && now - this.#opening >= (OPENING[this.#misses] ?? OPENING[OPENING.length - 1])) {
      this.#missed();
      wishes.push("drop");
    }
    if (this.#asking && now - this.#asking >= ASKING) this.#asking = 0;
    const away = this.silentSince ? now - this.silentSince : 0;
    if (now - this.#tried < (away > WHILE ? RARELY : AGAIN)) return;
    if (!this.#opening) {
      this.#opening = this.#tried = now;
      wishes.push("open");
    }
    if (!this.#asking && this.state === "down") {
      this.#asking = this.#tried = now;
      wishes.push("ask");
    }
  }
}
