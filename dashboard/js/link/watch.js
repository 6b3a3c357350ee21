/**
 * Whether the server answers, judged by times alone: no clock, no socket, no timer of its own.
 * `Watch` is told what happens and when (milliseconds of one steady clock) and says what to do.
 */

/** @typedef {"starting" | "up" | "slow" | "down"} LinkState */
/** @typedef {"ping" | "open" | "drop" | "ask"} Wish What the host is to do now. */

export const TICK = 100; // ms between two calls of `tick`
const PING = 400; // ms between two pings to a server that beats
const OFTEN = 200; // ms between two to one that does not
const PATIENCE = 1700; // ms without a sign of the server that mean: down
const SLOW = 900; // ms without one that mean: slow
const LATE = 800; // ms by which process or line may be late before more patience is had with them
const FAR = 500; // ms that a round trip may last, likewise
const MOST_LATE = 3000; // ms of additional patience at most, of each kind
const MOST_SLOW = 4000;
const CALMING = 0.993; // by which the roughest pause of late counts for less with each sign
const STUCK = 300; // ms for which a loop is blocked: what is unanswered then is not the line's doing
const OBSERVED = 200; // ms of one tick that count: who was not running has not waited
const TRIPS = 8; // round trips by which a line is known to be slow
const FIRST = 6000; // ms from the page's load until silence means anything
const OPENING = [1000, 1500, 2500, 4000]; // ms that a socket may take to open, before another is tried
const ASKING = 600; // ms after which another plain request is sent beside one without an answer
const HURRY = 200; // ms that a socket may have been opening when a request is answered first
const PATIENT = 5000; // ms between two sockets given up for that: longer than any may take
const AGAIN = 250; // ms between two plain requests that came to nothing, and two sockets at first
const RARELY = 1000; // ms between two plain requests after a while
const WHILE = 60000; // ms
const SELDOM = 30000; // ms between two sockets at most, if no request is answered

/**
 * The state of the line to the server.
 *
 * - `starting`: nothing has answered yet since the page was loaded.
 * - `up`: answers come in time; `slow`: something is late; `down`: the server gives no sign, or the
 *   socket has closed and another cannot be had.
 *
 * There are two signs. A *beat* comes by itself, from a thread that a late server does not hold up,
 * and says for how long the server's loop has been standing still. An *answer* comes to a ping. No sign
 * at all means that the line is gone; beats without answers mean so only if the loop is turning. A server
 * that does not beat is judged by its answers alone.
 *
 * A silent socket is kept until another has answered: a server that was only late is then found
 * where it was.
 *
 * In a gap plain requests ask whether the server is back, and a socket is opened when one is answered.
 * Without that it is opened ever more seldom: Chromium counts a page's sockets that failed in the last
 * minutes and, from a dozen on, holds back each that follows for up to five seconds, Bokeh's as well.
 */
export class Watch {
  /** @type {LinkState} */
  state = "starting";
  /** Since when nothing has answered, by the host's clock; 0 while all is well. */
  silentSince = 0;
  #open = false;
  #late = 0;
  #beats = false;
  #stuck = 0; // ms for which the server's loop has been standing still, as of its last beat
  #waited = 0; // observed ms without any sign
  #unanswered = 0; // observed ms since the oldest unanswered ping, while the loop was turning
  #rough = 0; // ms of the longest pause of late
  /** @type {number[]} */
  #trips = [];
  #misses = 0; // sockets in a row that did not open
  #pings = 0; // sent and not answered
  #pinged = 0;
  #ticked = 0;
  #heard = 0;
  #opening = 0; // since when a socket opens; 0 if none does
  #asking = 0;
  #hurried = Number.NEGATIVE_INFINITY;
  #tried = 0; // when a socket was opened last
  #asked = 0; // when a plain request was sent last
  #reached = false; // the last plain request was answered

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
    if (this.#pings > 0 || this.#beats || !this.#open) this.#waited += passed;
    if (this.#pings > 0 && this.#stuck < STUCK) this.#unanswered += passed;
    this.#judge();
    if (this.#open && now - this.#pinged >= (this.#beats ? PING : OFTEN) && this.#pings < 40)
      wishes.push(this.#ping(now));
    if (!this.#open || this.state === "down" || this.#waited >= SLOW) this.#retry(now, wishes);
    return wishes;
  }

  /** The person is back, or the machine: what was not heard meanwhile does not count. @param {number} now */
  poke(now) {
    this.#waited = this.#unanswered = 0;
    this.#ticked = now;
    this.hasten();
    /** @type {Wish[]} */
    const wishes = [];
    if (this.#open) wishes.push(this.#ping(now));
    return wishes;
  }

  /** The person is here: what is tried again, is tried now. What was not heard counts on. */
  hasten() {
    this.#tried = this.#asked = this.#asking = this.#misses = 0;
  }

  /** The socket is open and the server has said hello on it. @param {number} now */
  opened(now) {
    this.#open = true;
    this.#opening = this.#asking = this.#misses = 0;
    this.#reached = false;
    this.#trips = [];
    this.#beats = false;
    this.#late = this.#stuck = this.#rough = this.#waited = 0;
    this.#well(now);
  }

  /**
   * A beat on the socket that is open.
   *
   * @param {number} now
   * @param {number} late Milliseconds by which the server's process was late of late.
   * @param {number} stuck Milliseconds for which its loop has been standing still.
   */
  beat(now, late, stuck) {
    this.#beats = true;
    this.#late = late;
    this.#stuck = stuck;
    if (this.state !== "down") this.#opening = 0;
    this.#sign(now);
    if (stuck >= SLOW && this.state === "up") this.state = "slow";
  }

  /**
   * An answer to a ping.
   *
   * @param {number} now
   * @param {number} trip Milliseconds from the ping to this answer.
   */
  answered(now, trip = 0) {
    this.#trips = [...this.#trips, trip].slice(-TRIPS);
    this.#opening = 0;
    this.#well(now);
  }

  /**
   * A plain request was answered: the server is there, and so a socket is opened. One that was being
   * opened before is likely to have been lost in the gap, and waiting for it to be so.
   *
   * @param {number} now
   * @returns {Wish[]}
   */
  reached(now) {
    const first = !this.#reached;
    this.#reached = true;
    this.#asking = 0;
    this.#heard = now;
    if (first) this.#misses = 0;
    const hangs = first && this.#opening > 0 && now - this.#opening >= HURRY && now - this.#hurried >= PATIENT;
    if (!first || (this.#opening && !hangs)) return [];
    if (hangs) this.#hurried = now;
    this.#opening = this.#tried = now;
    return hangs ? ["drop", "open"] : ["open"];
  }

  /** A request or a socket that was being opened came to nothing. @param {"open" | "ask"} what */
  failed(what) {
    if (what === "ask") {
      this.#asking = 0;
      this.#reached = false;
    } else {
      this.#missed();
      if (!this.#open && this.state === "slow") this.#down(this.#heard);
    }
  }

  /** The socket has closed: whether the line is gone is seen when another is opened, at once. @param {number} now */
  closed(now) {
    this.#open = this.#beats = false;
    this.#opening = this.#tried = 0;
    this.#pings = this.#waited = this.#unanswered = this.#stuck = 0;
    this.#heard = now;
    if (this.state === "up") this.state = "slow";
  }

  /** @param {number} now */
  #well(now) {
    this.state = "up";
    this.silentSince = 0;
    this.#pings = this.#unanswered = this.#stuck = 0;
    this.#sign(now);
  }

  /** @param {number} now */
  #sign(now) {
    this.#rough = Math.max(this.#waited, this.#rough * CALMING);
    this.#heard = now;
    this.#waited = 0;
  }

  /** How long there may be no sign: longer where process or line are known to be rough. */
  get #patience() {
    const late = Math.max(0, 1.5 * (this.#late - LATE), this.#rough - LATE);
    return PATIENCE + Math.min(MOST_LATE, late) + this.#far;
  }

  /** What a line on which everything takes long is waited for in addition. */
  get #far() {
    const trips = [...this.#trips].sort((a, b) => a - b);
    const trip = trips[trips.length >> 1] ?? 0;
    return Math.min(MOST_SLOW, 2 * Math.max(0, trip - FAR));
  }

  #judge() {
    if (this.state === "starting") {
      if (this.#waited >= FIRST) this.#down(this.#ticked - FIRST);
      return;
    }
    const waited = Math.max(this.#waited, this.#unanswered);
    if (waited >= this.#patience) this.#down(this.#heard);
    else if (waited >= SLOW && this.state === "up") this.state = "slow";
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
    if (!this.#opening && now - this.#tried >= this.#pause) {
      this.#opening = this.#tried = now;
      wishes.push("open");
    }
    if (this.#asking && now - this.#asking >= ASKING) this.#asking = 0;
    const away = this.silentSince ? now - this.silentSince : 0;
    if (this.#asking || !this.#doubtful || now - this.#asked < (away > WHILE ? RARELY : AGAIN)) return;
    this.#asking = this.#asked = now;
    wishes.push("ask");
  }

  /** How long after one socket another is opened. */
  get #pause() {
    return Math.min(SELDOM, AGAIN * 2 ** Math.max(0, this.#misses - 1));
  }

  /** Whether sockets alone do not find the server. */
  get #doubtful() {
    return this.state === "down" || (this.state === "starting" && this.#misses > 1);
  }
}
